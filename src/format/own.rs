//! Formats of the configuration: what `[[format]]` in `config.toml` says, and reading by it.
//!
//! ```toml
//! [[format]]
//! id = "door"
//! pattern = '^(?<when>\S+) (?<who>\w+) (?<what>OPEN|CLOSE) (?<door>\S+) (?<how>\w+)$'
//! time = "%d.%m.%Y-%H:%M:%S"
//! fields = { ts = "when", actor = "who", action = "what", target = "door/{door}", outcome = "how" }
//! outcomes = { GRANTED = "success", REFUSED = "failure" }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::bytes::Regex;

use super::framer::{LineFramer, LineKind, MULTILINE_SPAN, MultilineFramer};
use super::guess::Guess;
use super::layout::{Layout, first_records, score_share};
use super::logfmt;
use super::mapping::{Mapping, fits};
use super::record::{event_of, json_event, lossy, trimmed, without_mark};
use super::sample::Sample;
use super::time_layout::TimeLayout;
use super::zone_names::usual_time;
use super::{Context, Format, Frame, Framer, Score};
use crate::event::field::Field;
use crate::event::{Attributes, Event, Outcome, Severity, Timestamp};

/// Score of a sample that is all this format's: above every format that comes with the program.
const BEST: Score = 99;
/// More than plain text has, less than what any other format is sure of.
const LEAST: Score = 2;

/// Largest compiled pattern, in bytes: one that is larger would make every line slow.
const PATTERN_SIZE: usize = 1 << 20;

/// One `[[format]]` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub id: String,
    #[serde(default)]
    pub title: String,
    /// How a record is written; a `pattern` alone says it.
    #[serde(default)]
    pub reads: Option<Reads>,
    /// What a record looks like; its named groups are the attributes.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How the first line of a record begins, where a record may have several.
    #[serde(default)]
    pub begins: Option<String>,
    /// For JSON and logfmt: sets of conditions, one of which a record fulfils.
    #[serde(default)]
    pub known_by: Vec<String>,
    /// How the time is written, in strftime's words; without it the usual ways are understood.
    #[serde(default)]
    pub time: Option<String>,
    /// Where each field comes from: a path, a template, a constant, or several, best first.
    #[serde(default)]
    pub fields: BTreeMap<String, Sources>,
    /// What the source's words for an outcome mean.
    #[serde(default)]
    pub outcomes: BTreeMap<String, OutcomeWord>,
    /// What its words for a severity mean.
    #[serde(default)]
    pub severities: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reads {
    Json,
    Logfmt,
    Pattern,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(
    untagged,
    expecting = "expected a path, a {template}, an \"=constant\", or a list of such texts"
)]
pub enum Sources {
    One(String),
    Several(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeWord {
    Success,
    Failure,
    Unknown,
}

impl Sources {
    fn list(&self) -> Vec<&str> {
        match self {
            Self::One(source) => vec![source],
            Self::Several(sources) => sources.iter().map(String::as_str).collect(),
        }
    }
}

/// What is wrong with a format of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Misfit {
    /// The key that it stands in, or that is missing.
    pub key: &'static str,
    pub why: String,
}

impl Spec {
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), Misfit> {
        Own::new(self).map(|_| ())
    }
}

fn wrong(key: &'static str, why: impl Into<String>) -> Misfit {
    let why = why.into();
    Misfit { key, why }
}

/// A format of the configuration, ready for reading.
#[derive(Debug)]
struct Own {
    spec: Spec,
    reads: Reads,
    pattern: Option<Regex>,
    begins: Option<Regex>,
    /// Its pattern tells nothing from anything else.
    fits_anything: bool,
    /// A record need not be one that `known_by` names.
    reads_any: bool,
    mapping: Mapping,
    time: Option<TimeLayout>,
    /// Changes with what is written in the configuration, so that sources are read again.
    version: u32,
}

/// An own format in one layout.
struct InLayout {
    own: Arc<Own>,
    layout: Layout,
    guess: Arc<Guess>,
}

/// The readers of an own format: for JSON one for each layout. `Err` = what is wrong with it, in words.
pub(super) fn readers(spec: &Spec, guess: &Arc<Guess>) -> Result<Vec<Arc<dyn Format>>, Misfit> {
    Ok(in_layouts(Own::new(spec)?, guess))
}

/// The same, which also read what `known_by` does not name: to see what the records of a sample have.
pub(super) fn readers_of_any(
    spec: &Spec,
    guess: &Arc<Guess>,
) -> Result<Vec<Arc<dyn Format>>, Misfit> {
    let own = Own {
        reads_any: true,
        ..Own::new(spec)?
    };
    Ok(in_layouts(own, guess))
}

fn in_layouts(own: Own, guess: &Arc<Guess>) -> Vec<Arc<dyn Format>> {
    let own = Arc::new(own);
    let layouts = match own.reads {
        Reads::Json => &[Layout::Lines, Layout::Document][..],
        Reads::Logfmt | Reads::Pattern => &[Layout::Lines],
    };
    let readers = layouts.iter().map(|layout| {
        Arc::new(InLayout {
            own: own.clone(),
            layout: *layout,
            guess: guess.clone(),
        }) as Arc<dyn Format>
    });
    readers.collect()
}

impl Own {
    fn new(spec: &Spec) -> Result<Self, Misfit> {
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if spec.id.is_empty() || !spec.id.chars().all(is_id) {
            let why = format!("id {:?}: letters, digits, - and _", spec.id);
            return Err(wrong("id", why));
        }
        let pattern = compiled("pattern", spec.pattern.as_deref())?;
        let begins = compiled("begins", spec.begins.as_deref())?;
        let reads = match (spec.reads, &pattern) {
            (None | Some(Reads::Pattern), Some(_)) => Reads::Pattern,
            (Some(Reads::Pattern), None) => return Err(wrong("reads", "a pattern is missing")),
            (Some(_), Some(_)) => {
                return Err(wrong("reads", "a pattern is only for reads = \"pattern\""));
            }
            (None, None) => {
                let why = "reads = \"json\", \"logfmt\" or a pattern is missing";
                return Err(wrong("id", why));
            }
            (Some(reads), None) => reads,
        };
        if begins.is_some() && reads != Reads::Pattern {
            return Err(wrong("begins", "begins is only for a pattern"));
        }
        if reads == Reads::Pattern && !spec.known_by.is_empty() {
            let why = "known_by is not for a pattern, which tells its records itself";
            return Err(wrong("known_by", why));
        }
        if reads != Reads::Pattern && spec.known_by.is_empty() {
            let why = "known_by is missing: what tells its records from others";
            return Err(wrong("id", why));
        }
        let is_blank = |condition: &String| condition.trim().is_empty();
        if spec.known_by.iter().any(is_blank) {
            let why = "known_by: an empty condition fits every record";
            return Err(wrong("known_by", why));
        }
        let mapping = mapping(spec)?;
        if let Some(regex) = &pattern {
            check_pattern(regex, &mapping)?;
        }
        let time = spec.time.as_deref().map(TimeLayout::new).transpose();
        Ok(Self {
            mapping,
            time: time.map_err(|error| wrong("time", format!("time: {error}")))?,
            version: version_of(spec),
            spec: spec.clone(),
            reads,
            reads_any: false,
            fits_anything: pattern.as_ref().is_some_and(fits_anything),
            pattern,
            begins,
        })
    }

    fn leaves(&self, frame: &Frame) -> Result<Attributes, String> {
        match (self.reads, &self.pattern) {
            (Reads::Json, _) => Ok(json_event(frame)?.attributes),
            (Reads::Pattern, Some(pattern)) => {
                let bytes = without_mark(&frame.bytes);
                let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                let found = pattern.captures(bytes).ok_or("does not fit the pattern")?;
                let mut leaves = Attributes::default();
                for name in pattern.capture_names().flatten() {
                    if let Some(value) = found.name(name) {
                        leaves.push_str(name, &lossy(value.as_bytes()));
                    }
                }
                Ok(leaves)
            }
            _ => logfmt::leaves(&lossy(trimmed(&frame.bytes)))
                .ok_or_else(|| "not made of key=value pairs".into()),
        }
    }

    fn time(&self, leaves: &Attributes, context: &Context) -> Option<Timestamp> {
        let text = self.mapping.first(Field::Ts, leaves)?;
        time_by(self.time.as_ref(), &text, context)
    }

    fn knows(&self, leaves: &Attributes) -> bool {
        self.spec.known_by.iter().any(|c| fits(c, leaves))
    }
}

fn compiled(key: &'static str, pattern: Option<&str>) -> Result<Option<Regex>, Misfit> {
    let Some(pattern) = pattern else {
        return Ok(None);
    };
    let built = regex::bytes::RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE)
        .build();
    let why = |e: regex::Error| {
        // Its last line says what, the others show where.
        let told = e.to_string();
        let last = told.lines().last().unwrap_or_default();
        wrong(
            key,
            format!("{key}: {}", last.trim_start_matches("error: ")),
        )
    };
    built.map(Some).map_err(why)
}

fn mapping(spec: &Spec) -> Result<Mapping, Misfit> {
    let lists: Vec<(&str, Vec<&str>)> = spec
        .fields
        .iter()
        .map(|(field, sources)| (field.as_str(), sources.list()))
        .collect();
    let fields = lists.iter().map(|(field, list)| (*field, &list[..]));
    let meaning = |word: &OutcomeWord| match word {
        OutcomeWord::Success => Outcome::Success,
        OutcomeWord::Failure => Outcome::Failure,
        OutcomeWord::Unknown => Outcome::Unknown,
    };
    let outcomes = spec.outcomes.iter();
    let outcomes = outcomes.map(|(word, is)| (word.clone(), meaning(is)));
    let severity = |(word, name): (&String, &String)| {
        let found = Severity::from_name(name);
        let why = || format!("severities: {name:?} is no severity");
        let found = found.ok_or_else(|| wrong("severities", why()))?;
        Ok((word.clone(), found))
    };
    let severities = spec.severities.iter().map(severity);
    let severities = severities.collect::<Result<Vec<_>, Misfit>>()?;
    Mapping::new(fields, outcomes.collect(), severities).map_err(|why| wrong("fields", why))
}

/// A pattern names what it takes, and all that is asked for.
fn check_pattern(regex: &Regex, mapping: &Mapping) -> Result<(), Misfit> {
    let groups: Vec<&str> = regex.capture_names().flatten().collect();
    if groups.is_empty() {
        let why = r"pattern: it has no named group, as in (?<who>\w+)";
        return Err(wrong("pattern", why));
    }
    let is_group = |path: &str| groups.iter().any(|g| g.eq_ignore_ascii_case(path));
    match mapping.paths().find(|path| !is_group(path)) {
        None => Ok(()),
        Some(unknown) => {
            let groups = groups.join(", ");
            let why = format!("fields: the pattern has no group {unknown:?}; it has {groups}");
            Err(wrong("fields", why))
        }
    }
}

/// The time by the layout that was given, else in any usual way.
pub(super) fn time_by(
    layout: Option<&TimeLayout>,
    text: &str,
    context: &Context,
) -> Option<Timestamp> {
    match layout {
        Some(layout) => layout.read(text, context),
        None => usual_time(text, context),
    }
}

/// Whether a pattern fits records that have nothing in common.
fn fits_anything(regex: &Regex) -> bool {
    const UNLIKE: [&[u8]; 3] = [
        b"a",
        br#"{"at":"2026-03-01T09:00:00Z","user":{"name":"ana"},"ok":true}"#,
        b"Mar  1 09:00:00 gate door[7]: CEF:0|x|y|1|2|3|4|k=v",
    ];
    UNLIKE.iter().all(|record| regex.is_match(record))
}

/// Raised with every change of what formats of one's own, and guesses for what they do not say, read.
const READER: u32 = 2;

/// A number that changes with the text of a format, and with how it is read.
fn version_of(spec: &Spec) -> u32 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{READER} {spec:?}"));
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

impl Format for InLayout {
    fn id(&self) -> &str {
        &self.own.spec.id
    }

    fn title(&self) -> &str {
        match &*self.own.spec.title {
            "" => "a format of config.toml",
            title => title,
        }
    }

    fn version(&self) -> u32 {
        self.own.version
    }

    fn sniff(&self, sample: &Sample<'_>) -> Score {
        if self.own.reads == Reads::Json {
            return sample.score_objects(self.layout, BEST, |leaves| self.own.knows(leaves));
        }
        let records = first_records(self.framer(0), sample.bytes());
        let best = if self.own.fits_anything { LEAST } else { BEST };
        score_share(&records, best, |frame| match self.own.leaves(frame) {
            Ok(leaves) => self.own.reads == Reads::Pattern || self.own.knows(&leaves),
            Err(_) => false,
        })
    }

    fn framer(&self, offset: u64) -> Box<dyn Framer> {
        match &self.own.begins {
            _ if self.own.reads == Reads::Json => self.layout.framer(offset),
            None => Box::new(LineFramer::new(offset)),
            Some(begins) => {
                let begins = begins.clone();
                let kind = move |line: &[u8]| match begins.is_match(without_mark(line)) {
                    true => LineKind::Begins,
                    false => LineKind::Continues,
                };
                Box::new(MultilineFramer::new(offset, kind))
            }
        }
    }

    fn splittable(&self) -> bool {
        self.layout == Layout::Lines
    }

    fn lookback(&self) -> u64 {
        match self.own.begins {
            Some(_) => MULTILINE_SPAN,
            None => 0,
        }
    }

    fn parse(&self, frame: &Frame, context: &Context) -> Result<Vec<Event>, String> {
        let leaves = self.own.leaves(frame)?;
        let by_name = self.own.reads != Reads::Pattern && !self.own.reads_any;
        if by_name && !self.own.knows(&leaves) {
            return Err("nothing that known_by names".into());
        }
        let mut event = event_of(frame);
        // What nothing is said about is guessed.
        self.guess.fill(&mut event, &leaves, context);
        let guessed = std::mem::take(&mut event.ip);
        self.own.mapping.fill(&mut event, &leaves);
        if event.ip.is_empty() {
            event.ip = guessed;
        }
        if self.own.spec.fields.contains_key(Field::Ts.name()) {
            event.ts = self.own.time(&leaves, context);
        }
        if self.own.reads == Reads::Pattern && event.message.is_none() {
            // What no group has must be found, too.
            event.message = Some(lossy(trimmed(&frame.bytes)).into_owned());
        }
        event.attributes = leaves;
        Ok(vec![event])
    }

    fn mapping(&self) -> Vec<(&'static str, String)> {
        self.own.mapping.describe()
    }
}
