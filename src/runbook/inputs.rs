//! Checking what a person typed for the inputs of a runbook.

use std::net::IpAddr;

use regex::{Regex, RegexBuilder};

use crate::event::time::DAY;
use crate::event::{Timestamp, Zone};

use super::{Input, InputError, InputKind, Inputs, window};
use crate::text::suggest::hint;

/// Longest value of an input, in bytes.
const MAX_VALUE: usize = 1024;

/// A pattern that matches whole values only.
pub(super) fn whole(pattern: &str) -> Result<Regex, String> {
    let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(1 << 20).build();
    // By itself first: `a)|(?:b` would break out of the group that is put around it.
    build(pattern)
        .and_then(|_| build(&format!("\\A(?:{pattern})\\z")))
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("the pattern `{pattern}` is too large: [A-Za-z0-9_] takes less than \\w")
            }
            _ => format!("the pattern `{pattern}` is no regular expression"),
        })
}

/// Fills defaults in and checks every value; dates become absolute.
pub(super) fn check(
    inputs: &[Input],
    given: &Inputs,
    now: Timestamp,
    zone: Zone,
) -> Result<Inputs, Vec<InputError>> {
    let mut checked = Inputs::new();
    let mut errors = Vec::new();
    for name in given
        .keys()
        .filter(|name| !inputs.iter().any(|input| input.name == **name))
    {
        let near = hint(name, inputs.iter().map(|input| input.name.as_str()));
        let message = format!("this runbook has no such input{near}");
        errors.push(InputError {
            name: name.clone(),
            label: name.clone(),
            message,
        });
    }
    for input in inputs {
        let typed = given
            .get(&input.name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty());
        match typed.or(input.default.as_deref()) {
            Some(value) => match check_one(input, value, now, zone) {
                Ok(value) => {
                    checked.insert(input.name.clone(), value);
                }
                Err(message) => errors.push(error(input, message)),
            },
            None if input.required => errors.push(error(input, "a value is needed".into())),
            None => {}
        }
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(errors)
    }
}

/// `Customer id was cus_1`: what other values were given before; `None` if they were the same.
pub(super) fn what_was(inputs: &[Input], was: &Inputs, is: &Inputs) -> Option<String> {
    let other = inputs
        .iter()
        .filter(|input| was.get(&input.name) != is.get(&input.name));
    let told = other.map(|input| match was.get(&input.name) {
        Some(value) => format!("{} was {value}", input.label),
        None => format!("{} was not given", input.label),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    (!told.is_empty()).then_some(told)
}

pub(super) fn error(input: &Input, message: String) -> InputError {
    InputError {
        name: input.name.clone(),
        label: input.label.clone(),
        message,
    }
}

pub(super) fn default_at(input: &Input, at: Timestamp, zone: Zone) -> Option<String> {
    let default = input
        .default
        .as_deref()
        .filter(|_| input.kind == InputKind::Date)?;
    let resolved = |at| window::resolve(default.trim(), at, zone);
    let time = resolved(at)?;
    // One that says a day is that day whenever it is taken.
    let slides = resolved(at.saturating_add(-7 * DAY)) != Some(time);
    slides.then(|| window::typed(time, zone))
}

pub(super) fn typed_again(input: &Input, value: &str, zone: Zone) -> String {
    let day = (input.kind == InputKind::Date).then(|| window::typed_again(value, zone));
    day.flatten().unwrap_or_else(|| value.to_owned())
}

/// What is wrong with the default of an input: it is taken where nobody gives a value, and would be refused then.
pub(super) fn wrong_default(input: &Input) -> Option<String> {
    let default = input.default.as_deref()?;
    check_one(input, default.trim(), Timestamp(0), Zone::Utc).err()
}

fn check_one(input: &Input, value: &str, now: Timestamp, zone: Zone) -> Result<String, String> {
    if value.len() > MAX_VALUE {
        return Err(format!("longer than {MAX_VALUE} bytes"));
    }
    if value.chars().any(char::is_control) {
        return Err("control characters are not allowed".into());
    }
    // A date that is told in full is one whatever words there are for the others.
    if input.kind == InputKind::Date && window::is_absolute(value) {
        let time = window::resolve(value, now, zone);
        return time.map(window::show).ok_or_else(|| no_time(value));
    }
    if !input.options.is_empty() && !input.options.iter().any(|option| option == value) {
        let near = hint(value, input.options.iter().map(String::as_str));
        return Err(format!(
            "`{value}` is none of {}{near}",
            input.options.join(", ")
        ));
    }
    if let Some(pattern) = &input.pattern
        && !whole(pattern)?.is_match(value)
    {
        return Err(format!("`{value}` does not fit the pattern {pattern}"));
    }
    match input.kind {
        InputKind::Text => Ok(value.to_owned()),
        InputKind::Id if value.contains(char::is_whitespace) => {
            Err(format!("`{value}` is no id: it has blanks in it"))
        }
        InputKind::Id => Ok(value.to_owned()),
        InputKind::Ip => address(value).ok_or_else(|| {
            format!(
                "`{value}` is no address: expected something like 203.0.113.7, 2001:db8::7 or 203.0.113.0/24"
            )
        }),
        InputKind::Date => window::resolve(value, now, zone)
            .map(window::show)
            .ok_or_else(|| no_time(value)),
    }
}

fn no_time(value: &str) -> String {
    format!("`{value}` is no time: expected `today`, `yesterday`, `2h` or `2026-03-01`")
}

/// An address, or a block of them.
fn address(value: &str) -> Option<String> {
    let Some((first, bits)) = value.split_once('/') else {
        return value.parse::<IpAddr>().ok().map(|ip| ip.to_string());
    };
    let first: IpAddr = first.parse().ok()?;
    let bits: u8 = bits.parse().ok()?;
    let most = if first.is_ipv4() { 32 } else { 128 };
    (bits <= most).then(|| format!("{first}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, kind: InputKind) -> Input {
        Input {
            name: name.into(),
            label: name.to_uppercase(),
            kind,
            ..Input::default()
        }
    }

    fn run(input: &Input, value: &str) -> Result<String, String> {
        let given = Inputs::from([(input.name.clone(), value.to_owned())]);
        match check(std::slice::from_ref(input), &given, Timestamp(0), Zone::Utc) {
            Ok(mut values) => Ok(values.remove(&input.name).unwrap_or_default()),
            Err(errors) => Err(errors[0].to_string()),
        }
    }

    #[test]
    fn patterns_match_the_whole_value() {
        let key = Input {
            pattern: Some("AKIA[A-Z]+|x".into()),
            ..input("key", InputKind::Id)
        };
        assert_eq!(run(&key, " AKIAB "), Ok("AKIAB".into()));
        assert!(run(&key, "AKIAB1").is_err());
        assert!(run(&key, "yx").is_err());
        assert!(run(&key, "AKIAB\nx").is_err());
        assert!(whole("(").is_err());
        assert!(whole("a)|(?:b").is_err());
    }

    #[test]
    fn kinds_options_defaults_and_requirement() {
        assert_eq!(
            run(&input("ip", InputKind::Ip), "2001:DB8:0::7"),
            Ok("2001:db8::7".into())
        );
        assert_eq!(
            run(&input("ip", InputKind::Ip), "10.0.0.0/8"),
            Ok("10.0.0.0/8".into())
        );
        assert!(run(&input("ip", InputKind::Ip), "10.0.0.0/33").is_err());
        assert!(run(&input("id", InputKind::Id), "a b").is_err());
        assert!(run(&input("t", InputKind::Text), &"x".repeat(2000)).is_err());
        let options = Input {
            options: vec!["prod".into(), "test".into()],
            ..input("env", InputKind::Text)
        };
        assert_eq!(
            run(&options, "prdo"),
            Err("ENV: `prdo` is none of prod, test (did you mean `prod`?)".into())
        );
        let required = Input {
            required: true,
            ..input("key", InputKind::Id)
        };
        assert_eq!(run(&required, " "), Err("KEY: a value is needed".into()));
        let day = Input {
            options: vec!["today".into(), "yesterday".into()],
            default: Some("today".into()),
            ..input("day", InputKind::Date)
        };
        assert_eq!(run(&day, ""), Ok("1970-01-01".into()));
        assert_eq!(run(&day, "2026-03-04"), Ok("2026-03-04".into()));
        assert!(run(&day, "2h").is_err());
        let at = Timestamp(3 * DAY);
        assert_eq!(day.default_at(at, Zone::Utc).as_deref(), Some("1970-01-04"));
        let fixed = Input {
            default: Some("2026-03-01T10:00Z".into()),
            ..day
        };
        assert_eq!(fixed.default_at(at, Zone::Utc), None);
        let preset = Input {
            default: Some("d".into()),
            ..required
        };
        assert_eq!(run(&preset, ""), Ok("d".into()));
        let unknown = check(
            &[preset],
            &Inputs::from([("kez".into(), "1".into())]),
            Timestamp(0),
            Zone::Utc,
        )
        .unwrap_err();
        assert!(unknown[0].message.contains("did you mean `key`"));
    }
}
