//! How a time is written, in strftime's words as C and Python have them: `%f` is a fraction of a second, `%Z` the name of
//! a zone.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use super::Context;
use super::zone_names::offset_of;
use crate::event::Timestamp;
use crate::event::time::MINUTE;

/// A layout that tells a moment, at least its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeLayout {
    /// In chrono's words.
    layout: String,
    /// The fraction stands behind a comma, which chrono does not know.
    comma: bool,
    /// The name of a zone follows.
    zone_name: bool,
}

impl TimeLayout {
    /// `Err` = why no time can be told by it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let (layout, zone_name) = match text.strip_suffix("%Z") {
            Some(before) => (before.trim_end(), true),
            None => (text, false),
        };
        if layout.contains("%Z") {
            return Err("%Z is read at the end only".into());
        }
        let comma = layout.contains(",%f");
        let layout = layout.replace(",%f", "%.f").replace(".%f", "%.f");
        if layout.contains("%f") {
            return Err("%f is read after a point or a comma; else write %3f, %6f or %9f".into());
        }
        if layout.is_empty() || StrftimeItems::new(&layout).any(|item| item == Item::Error) {
            return Err(format!("{text:?} is not as strftime has it"));
        }
        let this = Self {
            layout,
            comma,
            zone_name,
        };
        // What it writes it has to be able to read.
        let some = Utc.with_ymd_and_hms(2021, 10, 20, 12, 34, 56).single();
        let told = some.is_some_and(|some| {
            let written = some.format(&this.layout).to_string();
            this.moment(&written, &Context::default()).is_some()
        });
        if !told {
            return Err(format!(
                "{text:?} tells no day of a year; without `time` the usual ways are understood, syslog's among them"
            ));
        }
        Ok(this)
    }

    /// The time that a text is, in the context's zone where it does not say which.
    pub(super) fn read(&self, text: &str, context: &Context) -> Option<Timestamp> {
        let text = if self.comma {
            let at = text.rfind(',')?;
            std::borrow::Cow::Owned(format!("{}.{}", &text[..at], &text[at + 1..]))
        } else {
            text.into()
        };
        if !self.zone_name {
            return self.moment(&text, context);
        }
        let (clock, name) = text.trim_end().rsplit_once(' ')?;
        let utc = self.moment(clock.trim_end(), &Context::default())?;
        Some(utc.saturating_add(-offset_of(name)? * MINUTE))
    }

    fn moment(&self, text: &str, context: &Context) -> Option<Timestamp> {
        if let Ok(time) = DateTime::parse_from_str(text, &self.layout) {
            return Timestamp::from_utc(time.to_utc());
        }
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN);
        let local = NaiveDateTime::parse_from_str(text, &self.layout);
        let local = local.or_else(|_| NaiveDate::parse_from_str(text, &self.layout).map(midnight));
        Some(
            context
                .zone
                .instant(Timestamp::from_utc(local.ok()?.and_utc())?),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Zone;

    fn read(layout: &str, text: &str) -> Option<Timestamp> {
        let context = Context {
            zone: Zone::from(3600),
            ..Context::default()
        };
        let layout = TimeLayout::new(layout).unwrap();
        layout.read(text, &context)
    }

    #[test]
    fn times_are_read_as_python_and_c_write_them() {
        for (layout, text, is) in [
            (
                "%Y-%m-%d %H:%M:%S,%f",
                "2026-03-01 10:00:00,900",
                "2026-03-01T09:00:00.900000000Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S.%f",
                "2026-03-01 10:00:00.000950",
                "2026-03-01T09:00:00.000950000Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S,%3f",
                "2026-03-01 10:00:00,900",
                "2026-03-01T09:00:00.900000000Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S %Z",
                "2026-03-01 10:00:00 UTC",
                "2026-03-01T10:00:00Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S %Z",
                "2026-03-01 10:00:00 CEST",
                "2026-03-01T08:00:00Z",
            ),
            (
                "%d/%b/%Y:%H:%M:%S %z",
                "01/Mar/2026:10:00:00 -0500",
                "2026-03-01T15:00:00Z",
            ),
            ("%Y-%m-%d", "2026-03-01", "2026-02-28T23:00:00Z"),
            ("%s", "1772359200", "2026-03-01T10:00:00Z"),
        ] {
            assert_eq!(read(layout, text), Timestamp::parse(is), "{layout} {text}");
        }
        assert_eq!(
            read("%Y-%m-%d %H:%M:%S %Z", "2026-03-01 10:00:00 XYZ"),
            None
        );
        assert_eq!(read("%Y-%m-%d %H:%M:%S,%f", "2026-03-01 10:00:00"), None);
    }

    #[test]
    fn what_tells_no_time_is_refused() {
        for (layout, why) in [
            ("%Q %!", "not as strftime has it"),
            ("%K", "not as strftime has it"),
            ("%", "not as strftime has it"),
            ("", "not as strftime has it"),
            ("%b %e %H:%M:%S", "no day of a year"),
            ("%H:%M", "no day of a year"),
            ("at noon", "no day of a year"),
            ("%Y%m%d%H%M%S%f", "%3f"),
            ("%Z %Y-%m-%d", "at the end"),
        ] {
            let error = TimeLayout::new(layout).unwrap_err();
            assert!(error.contains(why), "{layout}: {error}");
        }
    }
}
