//! A draft as text for `config.toml`. What comes from the log is made safe in comments by the one sanitiser, and escaped
//! in strings.

use std::fmt::Write as _;

use super::Draft;
use super::fields::{FieldDraft, Said, source};
use super::known::NOTHING;
use crate::format::own::{OutcomeWord, Reads};
use crate::text::Charset;

/// Columns of a value in a comment, and of a file's name.
const VALUE: usize = 32;
const NAME: usize = 60;

impl Draft {
    /// As the configuration reads it, with comments. `file` = what it was made from.
    pub fn toml(&self, file: &str, charset: Charset) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, file, charset);
        out
    }

    fn write(&self, out: &mut String, file: &str, charset: Charset) -> std::fmt::Result {
        let spec = &self.spec;
        let quoted = |text: &str| quoted(text, charset);
        let file = charset.line(file, NAME);
        let (fitting, records) = (self.fitting, self.records);
        writeln!(
            out,
            "# A starting point, made from {records} records of {file}."
        )?;
        writeln!(
            out,
            "# In config.toml it is tried before all other formats: the more it says, the fewer other logs it takes."
        )?;
        if fitting < records {
            writeln!(
                out,
                "# It reads {fitting} of them ({}).",
                self.share(fitting)
            )?;
        }
        writeln!(out, "\n[[format]]\nid = {}", quoted(&spec.id))?;
        writeln!(out, "# title = \"what the log is, in a few words\"")?;
        match spec.reads {
            Some(Reads::Json) => writeln!(out, "reads = \"json\"")?,
            Some(Reads::Logfmt) => writeln!(out, "reads = \"logfmt\"")?,
            _ => {}
        }
        for remark in &self.remarks {
            writeln!(out, "# {remark}")?;
        }
        for (key, pattern) in [("pattern", &spec.pattern), ("begins", &spec.begins)] {
            if let Some(pattern) = pattern {
                writeln!(out, "{key} = {}", literal(pattern, charset))?;
            }
        }
        if let Some(time) = &spec.time {
            writeln!(out, "time = {}", quoted(time))?;
        }
        if !spec.known_by.is_empty() {
            writeln!(
                out,
                "{}",
                match spec.known_by.iter().any(|c| c == NOTHING) {
                    true =>
                        "# No name in the sample can be written here: say what tells its records, as in \"name\" or \"name=value\".",
                    false => "# What tells its records from others: all names of one of these.",
                }
            )?;
            let sets: Vec<String> = spec.known_by.iter().map(|set| quoted(set)).collect();
            writeln!(out, "known_by = {}", list(&sets))?;
        }
        writeln!(
            out,
            "\n# What no field is said of is guessed.\n[format.fields]"
        )?;
        for field in &self.fields {
            self.write_field(out, field, charset)?;
        }
        if !spec.outcomes.is_empty() {
            writeln!(out, "\n[format.outcomes]")?;
            for (word, meaning) in &spec.outcomes {
                let (meaning, remark) = match meaning {
                    OutcomeWord::Success => ("success", ""),
                    OutcomeWord::Failure => ("failure", ""),
                    OutcomeWord::Unknown => ("unknown", " # success or failure?"),
                };
                writeln!(out, "{} = \"{meaning}\"{remark}", quoted(word))?;
            }
        }
        if !spec.severities.is_empty() || !self.unknown_severities.is_empty() {
            writeln!(out, "\n[format.severities]")?;
            for (word, meaning) in &spec.severities {
                writeln!(out, "{} = {}", quoted(word), quoted(meaning))?;
            }
            for word in &self.unknown_severities {
                writeln!(out, "# {} = \"info\" # or what it means", quoted(word))?;
            }
        }
        Ok(())
    }

    /// A line above that says how sure it is, and the field itself, as a comment where it is not to be taken.
    fn write_field(
        &self,
        out: &mut String,
        draft: &FieldDraft,
        charset: Charset,
    ) -> std::fmt::Result {
        let name = draft.field.name();
        let share = self.share(draft.records);
        let sources = draft.paths.iter().filter_map(|path| source(path));
        let sources: Vec<String> = sources.map(|s| quoted(&s, charset)).collect();
        let values = |of: &[String]| -> String {
            let values = of.iter().map(|value| charset.line(value, VALUE));
            values.collect::<Vec<_>>().join(", ")
        };
        let examples = values(&draft.examples.concat());
        match (draft.said, &sources[..]) {
            (Said::Taken, [one]) => writeln!(out, "# {share}: {examples}\n{name} = {one}"),
            (Said::Taken, several) => {
                writeln!(out, "# {share}, the first that is there: {examples}")?;
                writeln!(out, "{name} = {}", list(several))
            }
            (Said::Guessed, []) => {
                writeln!(out, "# {share}, guessed from errors that are there or not")?;
                writeln!(out, "# {name} = \"\"")
            }
            (Said::Guessed, from) => {
                writeln!(
                    out,
                    "# {share}, guessed, since no order of these fits all records: {examples}"
                )?;
                writeln!(out, "# {name} = {}", list(from))
            }
            (Said::Missing, []) => writeln!(out, "# {name} = \"\" # not found"),
            (Said::Missing, candidates) => {
                let of_each = candidates.iter().zip(&draft.examples);
                let of_each = of_each.map(|(path, of)| format!("{path} ({})", values(of)));
                let of_each: Vec<String> = of_each.collect();
                writeln!(out, "# not found; maybe {}", of_each.join(" or "))?;
                writeln!(out, "# {name} = {}", candidates[0])
            }
        }
    }

    fn share(&self, records: usize) -> String {
        // Nearly all are not all.
        let percent = records * 100 / self.records.max(1);
        match percent {
            0 if records > 0 => "below 1 %".to_owned(),
            percent => format!("{percent} %"),
        }
    }
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// A string as it stands where that is possible, so that a pattern can be read.
fn literal(text: &str, charset: Charset) -> String {
    let is_plain = |c: char| c != '\'' && !is_escaped(c, charset);
    match text.chars().all(is_plain) {
        true => format!("'{text}'"),
        false => quoted(text, charset),
    }
}

/// A string with everything escaped that would end it, act on a terminal or cannot be seen.
fn quoted(text: &str, charset: Charset) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_escaped(c, charset) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether the sanitiser would show something else in its place.
fn is_escaped(c: char, charset: Charset) -> bool {
    let mut buffer = [0; 4];
    let alone = &*c.encode_utf8(&mut buffer);
    charset.line(alone, VALUE) != alone
}
