//! The display zone: how times are shown, always with its name in the status bar.

use chrono::{FixedOffset, NaiveDateTime, TimeDelta};

use crate::event::Timestamp;

/// A fixed offset with the name it is shown under.
#[derive(Clone, Debug)]
pub struct Zone {
    pub label: String,
    /// Seconds east of UTC.
    seconds: i32,
}

impl Zone {
    /// `seconds` east of UTC; an impossible offset counts as UTC.
    pub fn new(seconds: i32, label: String) -> Self {
        match FixedOffset::east_opt(seconds) {
            Some(_) => Self { label, seconds },
            None => Self {
                label: "UTC".to_owned(),
                seconds: 0,
            },
        }
    }

    /// Seconds east of UTC.
    pub fn seconds(&self) -> i32 {
        self.seconds
    }

    fn local(&self, ts: Timestamp) -> NaiveDateTime {
        ts.to_utc().naive_utc() + TimeDelta::seconds(i64::from(self.seconds))
    }

    /// `15:00:03.902`
    pub fn clock(&self, ts: Timestamp) -> String {
        self.local(ts).format("%H:%M:%S%.3f").to_string()
    }

    /// `15:00`
    pub fn minute(&self, ts: Timestamp) -> String {
        self.local(ts).format("%H:%M").to_string()
    }

    /// `2026-03-01`
    pub fn date(&self, ts: Timestamp) -> String {
        self.local(ts).format("%Y-%m-%d").to_string()
    }

    /// `03-01 15:00:03`
    pub fn short(&self, ts: Timestamp) -> String {
        self.local(ts).format("%m-%d %H:%M:%S").to_string()
    }

    /// `2026-03-01 15:00:03.902`
    pub fn full(&self, ts: Timestamp) -> String {
        self.local(ts).format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }
}
