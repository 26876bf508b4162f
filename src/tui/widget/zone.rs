//! The display zone: how times are shown, always with its name in the status bar. The offset is that of each time
//! itself, so that summer and winter stand side by side correctly.

use chrono::{NaiveDateTime, TimeDelta};

use crate::event::{Timestamp, Zone as Place};

/// The zone in use and those that a key goes through.
#[derive(Clone, Debug)]
pub struct Zone {
    choices: Vec<Place>,
    current: usize,
    /// The one that was asked for at the start.
    configured: usize,
}

impl Default for Zone {
    fn default() -> Self {
        Self::new(Place::Utc)
    }
}

impl Zone {
    /// Begins with the zone that was asked for; UTC and this machine's are always offered.
    pub fn new(configured: Place) -> Self {
        let mut choices = vec![Place::Utc, Place::Local];
        if !choices.contains(&configured) {
            choices.push(configured);
        }
        let current = choices.iter().position(|c| *c == configured).unwrap_or(0);
        Self {
            choices,
            current,
            configured: current,
        }
    }

    /// The zone in use, where it is not the configured one.
    pub fn chosen(&self) -> Option<Place> {
        (self.current != self.configured).then(|| self.place())
    }

    /// The zone in use.
    pub fn place(&self) -> Place {
        self.choices.get(self.current).copied().unwrap_or_default()
    }

    /// Uses a zone, which the key goes through from now on.
    pub fn choose(&mut self, zone: Place) {
        let known = self.choices.iter().position(|c| *c == zone);
        self.current = known.unwrap_or(self.choices.len());
        if known.is_none() {
            self.choices.push(zone);
        }
    }

    /// Uses the configured zone again.
    pub fn reset(&mut self) {
        self.current = self.configured;
    }

    /// On to the next of UTC, this machine's zone and the configured one.
    pub fn cycle(&mut self) {
        self.current = (self.current + 1) % self.choices.len().max(1);
    }

    /// Whether a time shown needs no offset beside it.
    pub fn is_utc(&self) -> bool {
        self.place() == Place::Utc
    }

    /// Seconds east of UTC at that moment.
    pub fn offset_at(&self, ts: Timestamp) -> i32 {
        self.place().offset_at(ts)
    }

    /// `UTC`, `local +01:00`, `Europe/Vienna +02:00`: the name, and what it means at that moment.
    pub fn label_at(&self, ts: Timestamp) -> String {
        match self.place() {
            Place::Utc => "UTC".to_owned(),
            place => format!("{place} {}", self.offset_text(ts)),
        }
    }

    /// `+02:00`
    pub fn offset_text(&self, ts: Timestamp) -> String {
        let seconds = self.offset_at(ts);
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn local(&self, ts: Timestamp) -> NaiveDateTime {
        ts.to_utc().naive_utc() + TimeDelta::seconds(i64::from(self.offset_at(ts)))
    }

    /// `15:00:03.902`
    pub fn clock(&self, ts: Timestamp) -> String {
        self.local(ts).format("%H:%M:%S%.3f").to_string()
    }

    /// `15:00:03`
    pub fn second(&self, ts: Timestamp) -> String {
        self.local(ts).format("%H:%M:%S").to_string()
    }

    /// `15:00`
    pub fn minute(&self, ts: Timestamp) -> String {
        self.local(ts).format("%H:%M").to_string()
    }

    /// `2026-03-01 13h`
    pub fn hour(&self, ts: Timestamp) -> String {
        self.local(ts).format("%Y-%m-%d %Hh").to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_the_offset_of_its_own_day() {
        let zone = Zone::new("Europe/Vienna".parse().unwrap());
        // The clock went from 02:00 to 03:00 at 01:00 UTC.
        let before = Timestamp::parse("2026-03-29T00:59:59Z").unwrap();
        let after = Timestamp::parse("2026-03-29T01:00:00Z").unwrap();
        assert_eq!(zone.full(before), "2026-03-29 01:59:59.000");
        assert_eq!(zone.full(after), "2026-03-29 03:00:00.000");
        assert_eq!(zone.label_at(before), "Europe/Vienna +01:00");
        assert_eq!(zone.label_at(after), "Europe/Vienna +02:00");
        let west = Zone::new("America/St_Johns".parse().unwrap());
        assert_eq!(west.offset_text(before), "-02:30");
    }

    #[test]
    fn the_key_goes_round_through_utc_local_and_the_configured_zone() {
        let mut zone = Zone::new("Asia/Tokyo".parse().unwrap());
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(zone.place().to_string());
            zone.cycle();
        }
        assert_eq!(seen, ["Asia/Tokyo", "UTC", "local", "Asia/Tokyo"]);
        assert_eq!(Zone::default().label_at(Timestamp(0)), "UTC");
    }
}
