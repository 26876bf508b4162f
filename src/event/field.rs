//! The catalogue of normalised fields: name, aliases, type, and whether a facet makes sense.

/// A normalised field of every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Id,
    Ts,
    Actor,
    Action,
    Target,
    Outcome,
    Reason,
    Ip,
    Host,
    Session,
    Severity,
    Message,
    Format,
    Source,
    Line,
    Chain,
}

/// How values of a field compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Hex128,
    Time,
    Text,
    Address,
    Severity,
    Number,
    Verdict,
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub field: Field,
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub kind: FieldType,
    pub facetable: bool,
    /// One line for help and completion.
    pub meaning: &'static str,
}

const fn spec(
    field: Field,
    name: &'static str,
    aliases: &'static [&'static str],
    kind: FieldType,
    facetable: bool,
    meaning: &'static str,
) -> Spec {
    Spec {
        field,
        name,
        aliases,
        kind,
        facetable,
        meaning,
    }
}

/// Every normalised field, in display order.
pub const CATALOGUE: [Spec; 16] = [
    spec(
        Field::Id,
        "id",
        &["event.id"],
        FieldType::Hex128,
        false,
        "stable identity of the event",
    ),
    spec(
        Field::Ts,
        "ts",
        &["@timestamp", "time"],
        FieldType::Time,
        false,
        "when it happened",
    ),
    spec(
        Field::Actor,
        "actor",
        &["user.name", "user"],
        FieldType::Text,
        true,
        "who did it",
    ),
    spec(
        Field::Action,
        "action",
        &["event.action", "verb"],
        FieldType::Text,
        true,
        "what was done",
    ),
    spec(
        Field::Target,
        "target",
        &["resource"],
        FieldType::Text,
        true,
        "what it was done to",
    ),
    spec(
        Field::Outcome,
        "outcome",
        &["event.outcome"],
        FieldType::Text,
        true,
        "success, failure or unknown",
    ),
    spec(
        Field::Reason,
        "reason",
        &["error.code"],
        FieldType::Text,
        true,
        "code or text behind the outcome",
    ),
    spec(
        Field::Ip,
        "ip",
        &["source.ip"],
        FieldType::Address,
        true,
        "where the request came from",
    ),
    spec(
        Field::Host,
        "host",
        &["host.name"],
        FieldType::Text,
        true,
        "machine or cluster that recorded it",
    ),
    spec(
        Field::Session,
        "session",
        &["trace.id"],
        FieldType::Text,
        true,
        "request, session or audit id",
    ),
    spec(
        Field::Severity,
        "severity",
        &["log.level"],
        FieldType::Severity,
        true,
        "emerg … debug",
    ),
    spec(
        Field::Message,
        "message",
        &[],
        FieldType::Text,
        false,
        "one line a person can read",
    ),
    spec(
        Field::Format,
        "format",
        &["event.module"],
        FieldType::Text,
        true,
        "which reader read it",
    ),
    spec(
        Field::Source,
        "source",
        &["log.file.path"],
        FieldType::Text,
        true,
        "which file it came from",
    ),
    spec(
        Field::Line,
        "line",
        &[],
        FieldType::Number,
        false,
        "first line of the record in its file",
    ),
    spec(
        Field::Chain,
        "chain",
        &[],
        FieldType::Verdict,
        true,
        "what the chain check found",
    ),
];

impl Field {
    /// The field's row in the catalogue.
    pub fn spec(self) -> &'static Spec {
        &CATALOGUE[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// By name or alias, exact first, else ignoring ASCII case.
    pub fn find(name: &str) -> Option<Self> {
        let hit = |eq: &dyn Fn(&str) -> bool| {
            CATALOGUE
                .iter()
                .find(|s| eq(s.name) || s.aliases.iter().any(|a| eq(a)))
                .map(|s| s.field)
        };
        hit(&|n| n == name).or_else(|| hit(&|n| n.eq_ignore_ascii_case(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogue_is_indexed_by_field_and_names_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for (i, s) in CATALOGUE.iter().enumerate() {
            assert_eq!(s.field as usize, i);
            assert_eq!(Field::find(s.name), Some(s.field));
            for name in s.aliases.iter().chain([&s.name]) {
                assert!(seen.insert(*name), "{name} twice");
                assert_eq!(Field::find(name), Some(s.field));
            }
        }
        assert_eq!(Field::find("USER"), Some(Field::Actor));
        assert_eq!(Field::find("nope"), None);
    }
}
