//! What the shape of a value says for or against a field.

use super::words::Words;
use crate::event::field::Field;
use crate::event::{Kind, Outcome, Value};
use crate::format::record::{address, outcome_of, severity_of, time_of};

/// Longest values of an actor or an action, of a host, and of a target, in bytes.
const NAME: usize = 200;
const PATH: usize = 512;

/// Whether a value can be this field's at all.
pub(super) fn is_possible(field: Field, path: &str, value: Value<'_>) -> bool {
    match field {
        Field::Ts => value.kind != Kind::Bool && time_of(value.text).is_some(),
        Field::Outcome => outcome(path, value) != Outcome::Unknown,
        Field::Ip => value.kind == Kind::Str && address(value.text).is_some(),
        Field::Severity => severity_of(value.text).is_some(),
        _ => true,
    }
}

/// Whether a value looks like this field's and no other's, without a word about it.
pub(super) fn is_unmistakable(field: Field, value: Value<'_>) -> bool {
    let text = value.text.trim();
    match field {
        Field::Ts => {
            // A date, and a time of day to the second.
            let is_date = text.starts_with(|c: char| c.is_ascii_digit()) && text.len() >= 19;
            value.kind == Kind::Str && is_date && text.matches(':').count() >= 2
        }
        // Four numbers may also be a version.
        Field::Ip => value.kind == Kind::Str && text.contains(['.', ':']),
        _ => false,
    }
}

/// Points for a value, `None` if it cannot be this field's: `"time": "slow"` is no time, `"status": "open"` no outcome.
pub(super) fn shape(field: Field, path: &str, value: Value<'_>) -> Option<i16> {
    let (text, kind) = (value.text.trim(), value.kind);
    let is_number = kind == Kind::Num || text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_said = {
        let empty = [
            "-",
            "?",
            "none",
            "null",
            "n/a",
            "unknown",
            "undefined",
            "(null)",
            "true",
            "false",
        ];
        let nothing = empty.iter().any(|word| word.eq_ignore_ascii_case(text));
        kind != Kind::Bool && !nothing
    };
    let is_name = |longest| is_said && text.len() <= longest && !text.contains('\n');
    let blanks = text.matches(' ').count();
    if !is_possible(field, path, value) {
        return None;
    }
    let mut points = 0;
    let mut when = |holds: bool, by: i16| points += if holds { by } else { 0 };
    match field {
        Field::Ts => {
            when(kind == Kind::Str && text.len() >= 19, 8);
        }
        Field::Actor => {
            // Whoever chooses a name can choose an odd one: it counts less, and is none the less who it was.
            if !is_said {
                return None;
            }
            when(!is_name(NAME), -60);
            when(is_email(text), 25);
            when(is_number, -30);
            when(is_opaque(text), -25);
            when(text.contains("://"), -45);
            when(blanks > 4, -30);
            when(text.starts_with(['{', '[']), -60);
        }
        Field::Action => {
            if !is_name(NAME) {
                return None;
            }
            when(is_number, -55);
            when(
                is_opaque(text) || is_email(text) || address(text).is_some(),
                -60,
            );
            when(is_http_method(text), -14);
            when(text.starts_with('/') || text.contains("://"), -40);
            when(blanks > 4, -35);
            when(text.contains(['{', '<']), -40);
        }
        Field::Target => {
            if !is_name(PATH) {
                return None;
            }
            when(is_number, -15);
            when(is_opaque(text), -12);
            when(blanks > 6, -25);
            when(text.starts_with(['{', '[']), -40);
        }
        Field::Outcome => {
            when(kind == Kind::Bool, 6);
        }
        Field::Reason => {
            if !is_name(PATH) || outcome_of(kind, text) == Outcome::Success || text == "0" {
                return None;
            }
            when(!is_number, 6);
        }
        Field::Ip => {}
        Field::Host => {
            if !is_name(NAME) || blanks > 0 || is_number || text.contains("://") {
                return None;
            }
            when(is_opaque(text), -25);
            when(address(text).is_some(), -12);
        }
        Field::Session => {
            if !is_name(NAME) || blanks > 0 || text.len() < 2 {
                return None;
            }
            when(is_opaque(text), 8);
        }
        Field::Severity => {
            when(kind == Kind::Str, 4);
        }
        Field::Message => {
            if kind != Kind::Str {
                return None;
            }
            when(blanks > 1, 8);
        }
        _ => return None,
    }
    Some(points)
}

/// Words of a flag that says whether something went well, and of one that says the opposite.
const POSITIVE: [&str; 12] = [
    "success",
    "succeeded",
    "successful",
    "granted",
    "allowed",
    "permitted",
    "authorized",
    "authenticated",
    "passed",
    "approved",
    "accepted",
    "ok",
];
const NEGATIVE: [&str; 7] = [
    "failed",
    "failure",
    "denied",
    "rejected",
    "blocked",
    "forbidden",
    "error",
];

/// What a value says of the outcome: a `denied` that is true is a failure.
pub(in crate::format) fn outcome(path: &str, value: Value<'_>) -> Outcome {
    let text = value.text.trim();
    let ends_in = |list: &[&str]| {
        let words = Words::of(path);
        words.is_some_and(|words| words.last.iter().any(|word| list.contains(&&**word)))
    };
    if value.kind == Kind::Num && ends_in(&["exit"]) {
        return if text == "0" {
            Outcome::Success
        } else {
            Outcome::Failure
        };
    }
    let flag = match text {
        "0" => Some(Outcome::Failure),
        "1" => Some(Outcome::Success),
        _ => None,
    };
    // `success=1` is no exit code.
    if let Some(flag) = flag.filter(|_| ends_in(&POSITIVE)) {
        return flag;
    }
    let outcome = outcome_of(value.kind, text);
    let is_negative = || ends_in(&NEGATIVE);
    match outcome {
        Outcome::Success if value.kind == Kind::Bool && is_negative() => Outcome::Failure,
        Outcome::Failure if value.kind == Kind::Bool && is_negative() => Outcome::Success,
        other => other,
    }
}

/// Whether a reason is there only where something failed.
pub(super) fn is_of_an_error(path: &str) -> bool {
    let errors = ["error", "failure", "exception", "denial"];
    Words::of(path).is_some_and(|words| {
        let mut words = words.last.iter().chain(&words.around);
        words.any(|word| errors.contains(&&**word))
    })
}

/// Whether a leaf says that there is no error: `"error": null`.
pub(super) fn is_no_error((path, value): (&str, Value<'_>)) -> bool {
    let is_nothing = value.kind == Kind::Empty || value.text.is_empty() || value.text == "0";
    is_nothing && is_of_an_error(path)
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    !name.is_empty() && domain.contains('.') && !text.contains([' ', '/'])
}

fn is_http_method(text: &str) -> bool {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    methods.contains(&text)
}

/// A number that a machine made up: a UUID, a hash, a token.
fn is_opaque(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = bytes.iter().filter(|b| b.is_ascii_hexdigit()).count();
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let plain = bytes
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let is_uuid = bytes.len() == 36 && hex == 32;
    is_uuid || plain && bytes.len() >= 20 && digits >= 4
}
