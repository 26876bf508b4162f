//! The time window of a runbook: `{day} - 3d`, or a time as the query language has it.

use crate::event::time::{DAY, HOUR, MINUTE, SECOND};
use crate::event::{Timestamp, Zone};
use crate::query::ast::{Ast, TimeExpr};
use crate::query::{BindContext, Query};

use super::{Input, InputKind, Inputs};
use crate::text::suggest::hint;

/// One end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End<'a> {
    /// The time an input names, moved by so many nanoseconds.
    Input { name: &'a str, shift: i64 },
    /// A time as typed, which slides with the clock if it is relative.
    Typed(&'a str),
}

fn read(text: &str) -> Result<End<'_>, String> {
    let text = text.trim();
    let Some(rest) = text.strip_prefix('{') else {
        return if text.is_empty() {
            Err("a time is missing".into())
        } else {
            Ok(End::Typed(text))
        };
    };
    let (name, shift) = rest
        .split_once('}')
        .ok_or_else(|| format!("`{text}`: the brace is not closed"))?;
    let shift = shift.trim();
    let expected =
        || format!("`{text}`: expected `{{{name}}}`, `{{{name}}} - 3d` or `{{{name}}} + 12h`");
    let shift = if shift.is_empty() {
        0
    } else if let Some(by) = shift.strip_prefix('+') {
        duration(by).ok_or_else(expected)?
    } else if let Some(by) = shift.strip_prefix('-') {
        -duration(by).ok_or_else(expected)?
    } else {
        return Err(expected());
    };
    Ok(End::Input { name, shift })
}

/// Nanoseconds of `3d`, `12h`, `1h30m`, `2w`; at most about 290 years.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            's' => SECOND,
            'm' => MINUTE,
            'h' => HOUR,
            'd' => DAY,
            'w' => 7 * DAY,
            _ => return None,
        };
        total = total.checked_add(count.parse::<i64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    (total > 0).then_some(total)
}

/// Whether an end of the window can be used: a known input of type date, or a time.
pub(super) fn check(text: &str, inputs: &[Input]) -> Result<(), String> {
    match read(text)? {
        End::Typed(time) => match resolve(time, Timestamp(0), Zone::Utc) {
            Some(_) => Ok(()),
            None => Err(format!(
                "`{time}` is no time: expected `{{day}} - 3d`, `2h`, `yesterday` or `2026-03-01`"
            )),
        },
        End::Input { name, .. } => match inputs.iter().find(|input| input.name == name) {
            Some(input) if input.kind == InputKind::Date => Ok(()),
            Some(_) => Err(format!("`{{{name}}}` needs an input of type date")),
            None => {
                let near = hint(name, inputs.iter().map(|input| input.name.as_str()));
                Err(format!("`{{{name}}}` names no input{near}"))
            }
        },
    }
}

/// Whether a window ends before it begins whatever is given, as far as both ends count from the same.
pub(super) fn is_backwards(from: &str, to: &str) -> bool {
    // Some time at which every span of a window still leads to one that can be told.
    let now = Timestamp(30 * 365 * DAY);
    match (read(from), read(to)) {
        (
            Ok(End::Input { name, shift }),
            Ok(End::Input {
                name: same,
                shift: end,
            }),
        ) => name == same && shift >= end,
        (Ok(End::Typed(from)), Ok(End::Typed(to))) => {
            let at = |text| resolve(text, now, Zone::Utc);
            at(from).zip(at(to)).is_some_and(|(from, to)| from >= to)
        }
        _ => false,
    }
}

/// An end of the window as a time of the query language; `None` where its input has no value.
/// The error names the input and says what is wrong with it.
pub(super) fn settle(text: &str, inputs: &Inputs) -> Result<Option<TimeExpr>, (String, String)> {
    match read(text).map_err(|message| (String::new(), message))? {
        End::Typed(time) => Ok(Some(TimeExpr::Text(time.to_owned()))),
        End::Input { name, shift } => match inputs.get(name) {
            None => Ok(None),
            Some(value) => absolute(value)
                .map(|time| Some(TimeExpr::At(time.saturating_add(shift))))
                .ok_or_else(|| {
                    (
                        name.to_owned(),
                        format!("`{value}` is no absolute time: check the inputs first"),
                    )
                }),
        },
    }
}

/// A checked date: `2026-03-01`, or RFC 3339.
fn absolute(value: &str) -> Option<Timestamp> {
    Timestamp::parse(value).or_else(|| Timestamp::parse(&format!("{value}T00:00:00Z")))
}

/// Whether a date is told in full.
pub(super) fn is_absolute(value: &str) -> bool {
    absolute(value).is_some()
}

/// A time expression of the query language at `now`. `today` is the day's first moment, as `yesterday` is.
pub(super) fn resolve(text: &str, now: Timestamp, zone: Zone) -> Option<Timestamp> {
    let query = Query {
        ast: Ast::Since(TimeExpr::Text(text.to_owned())),
    };
    match query
        .bind(&BindContext {
            now,
            zone,
            paths: None,
        })
        .ok()?
        .ast
    {
        Ast::Since(TimeExpr::At(time)) => Some(time),
        _ => None,
    }
}

/// A date as it is kept among the inputs, the same whatever zone it was typed in: the day where one begins in UTC, else to
/// the second in UTC.
pub(super) fn show(time: Timestamp) -> String {
    typed(time, Zone::Utc)
}

/// A time as a person would type it in a zone: the day where one begins there, else to the second in UTC.
pub(super) fn typed(time: Timestamp, zone: Zone) -> String {
    let wall = zone.format(time);
    match wall.strip_suffix(" 00:00:00.000") {
        Some(day) => day.to_owned(),
        None => time.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }
}

/// A checked date as it is typed in a zone.
pub(super) fn typed_again(value: &str, zone: Zone) -> Option<String> {
    absolute(value).map(|time| typed(time, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_shifts_from_inputs() {
        assert_eq!(
            read("{day} - 3d"),
            Ok(End::Input {
                name: "day",
                shift: -3 * DAY
            })
        );
        assert_eq!(
            read("{day}+1h30m"),
            Ok(End::Input {
                name: "day",
                shift: HOUR + 30 * MINUTE
            })
        );
        assert_eq!(
            read(" {day} "),
            Ok(End::Input {
                name: "day",
                shift: 0
            })
        );
        assert_eq!(read("2h"), Ok(End::Typed("2h")));
        for bad in [
            "",
            "{day",
            "{day} * 2",
            "{day} - ",
            "{day} - 3",
            "{day} - 3y",
            "{day} - 99999999999999999d",
            "{day} é",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn settles_against_checked_inputs() {
        let inputs = Inputs::from([("day".into(), "2026-03-04".into())]);
        let at = |text| Some(TimeExpr::At(Timestamp::parse(text).unwrap()));
        assert_eq!(
            settle("{day} - 3d", &inputs),
            Ok(at("2026-03-01T00:00:00Z"))
        );
        assert_eq!(
            settle("{day} + 1d", &inputs),
            Ok(at("2026-03-05T00:00:00Z"))
        );
        assert_eq!(settle("{other}", &inputs), Ok(None));
        let unchecked = Inputs::from([("day".into(), "soon".into())]);
        assert_eq!(settle("{day}", &unchecked).unwrap_err().0, "day");
    }

    #[test]
    fn what_is_typed_again_is_the_same_time() {
        let east = Zone::Fixed(3600);
        let now = Timestamp::parse("2026-03-04T12:00:00Z").unwrap();
        for (value, zone, typed) in [
            ("2026-03-04", Zone::Utc, "2026-03-04"),
            ("2026-03-04", east, "2026-03-04T00:00:00Z"),
            ("2026-03-03T23:00:00Z", east, "2026-03-04"),
            ("2026-03-03T23:00:00Z", Zone::Utc, "2026-03-03T23:00:00Z"),
        ] {
            let again = typed_again(value, zone).unwrap();
            assert_eq!(again, typed);
            assert_eq!(
                resolve(&again, now, zone),
                absolute(value),
                "{value} {zone}"
            );
        }
    }
}
