//! One line against the pinned scheme: what it links to, what the next should link to, and whether its content
//! hashes to what it says.

use super::canonical::Object;
use super::detect::{Scheme, read_time, string_text, whole_number};
use super::digest::{Digest, Spelling, is_genesis};
use super::recipe::{Preimage, Recipe, own_hash_recipes};
use crate::event::Timestamp;

/// Unknown contents on which all recipes are tried before that is done only now and then.
const TRIES: u64 = 64;

/// Labels that writers hash in place of a previous hash they log as null.
const GENESIS_LABELS: [&str; 6] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "GENESIS",
    "genesis",
    "0",
    "null",
    "None",
];

/// What a record's `prev` field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Genesis,
    To(Digest),
    /// Neither a hash nor a known beginning.
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Holds,
    /// The hash the content has now.
    Changed(Digest),
    /// It cannot be reproduced, or the next record's link protects it.
    Unknown,
}

/// What was changed in a record, if the rest of it was proved to be as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alteration {
    OwnHash,
    Link,
    Spelling,
}

/// The text of a record's time, kept cheaply until somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeText {
    len: u8,
    bytes: [u8; 40],
}

impl Default for TimeText {
    fn default() -> Self {
        Self {
            len: 0,
            bytes: [0; 40],
        }
    }
}

impl TimeText {
    fn new(token: &[u8]) -> Self {
        let mut out = Self::default();
        if let Some(slot) = out.bytes.get_mut(..token.len()) {
            slot.copy_from_slice(token);
            out.len = token.len() as u8;
        }
        out
    }

    pub(super) fn read(&self) -> Option<Timestamp> {
        read_time(&self.bytes[..usize::from(self.len)])
    }
}

/// A record of the chain.
#[derive(Debug)]
pub(super) struct Checked<'a> {
    line: &'a [u8],
    object: Object<'a>,
    own_member: Option<usize>,
    prev_member: Option<usize>,
    prev_text: &'a [u8],
    pub(super) link: Link,
    /// What the next record should name.
    pub(super) own: Option<Digest>,
    /// What the next record names if this one was altered in one known way.
    pub(super) also: Option<(Digest, Alteration)>,
    pub(super) content: Content,
    pub(super) seq: Option<i64>,
    pub(super) time: TimeText,
    pub(super) misspelled: bool,
    /// Its content holds only under a recipe not seen before in this source.
    pub(super) new_recipe: Option<Recipe>,
}

/// A line against the scheme.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Not a JSON object. In raw-line chains even such a line can be linked to.
    Malformed(Option<Digest>),
    /// A record without chain fields.
    Unlinked(Option<Digest>),
    Record(Box<Checked<'a>>),
}

/// Checks lines one by one; learns which of several fitting recipes it is.
#[derive(Clone, Debug)]
pub(super) struct Checker {
    pub(super) scheme: Scheme,
    /// Recipes met later in the source.
    changed_to: Vec<Recipe>,
    unknown_contents: u64,
    buffer: Vec<u8>,
}

/// The members of a record that matter to a chain.
#[derive(Default)]
struct Fields<'a> {
    /// Value, and index of the member.
    prev: Option<(&'a [u8], usize)>,
    own: Option<(&'a [u8], usize)>,
    seq: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    /// A chain field stands twice, so that two readers may see two values.
    doubled: bool,
}

impl<'a> Fields<'a> {
    fn find(object: &Object<'a>, scheme: &Scheme) -> Self {
        let mut out = Self::default();
        for (index, member) in object.members.iter().enumerate() {
            let value = Some(member.value);
            if member.key == scheme.prev_key {
                out.doubled |= out.prev.is_some();
                out.prev = Some((member.value, index));
            } else if Some(member.key) == scheme.own_key.as_deref() {
                out.doubled |= out.own.is_some();
                out.own = Some((member.value, index));
            } else if Some(member.key) == scheme.seq_key.as_deref() {
                out.seq = value;
            } else if Some(member.key) == scheme.time_key.as_deref() {
                out.time = value;
            }
        }
        out
    }
}

impl Checker {
    pub(super) fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            changed_to: Vec::new(),
            unknown_contents: 0,
            buffer: Vec::new(),
        }
    }

    /// Reads and hashes one line. `first`: of its file, where a missing link is a beginning.
    pub(super) fn check<'a>(&mut self, line: &'a [u8], first: bool) -> Line<'a> {
        let raw = self.scheme.is_raw_line();
        let Ok(object) = Object::read(line) else {
            return Line::Malformed(raw.then(|| self.line_hash(line)));
        };
        let fields = Fields::find(&object, &self.scheme);
        if fields.prev.is_none() && fields.own.is_none() && !(raw && first) {
            return Line::Unlinked(raw.then(|| self.line_hash(line)));
        }
        let (link, prev_text, prev_spelling) = self.read_link(fields.prev.map(|p| p.0));
        let stored = fields
            .own
            .and_then(|o| string_text(o.0))
            .and_then(Digest::read);
        let mut record = Checked {
            line,
            own_member: fields.own.map(|o| o.1),
            prev_member: fields.prev.map(|p| p.1),
            prev_text,
            link,
            own: stored.map(|s| s.0),
            also: None,
            content: Content::Unknown,
            seq: fields.seq.and_then(whole_number),
            time: fields.time.map(TimeText::new).unwrap_or_default(),
            misspelled: self.misspelled(&object, prev_spelling, stored.map(|s| s.1)),
            new_recipe: None,
            object,
        };
        if raw {
            record.own = Some(self.line_hash(line));
            if record.misspelled
                && let Link::To(prev) = link
            {
                record.also = self
                    .hash_linked_to(&record, &prev)
                    .map(|d| (d, Alteration::Spelling));
            }
        } else if self.scheme.is_links_only() {
            if record.own.is_none() || fields.doubled {
                record.content = Content::Changed(Digest::new([0; 32]));
            }
        } else {
            self.check_content(&mut record, fields.doubled);
        }
        Line::Record(Box::new(record))
    }

    fn line_hash(&mut self, line: &[u8]) -> Digest {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(line);
        if self.scheme.recipes.first() == Some(&(Recipe::RawLine { lf: true })) {
            hash.update(b"\n");
        }
        Digest::new(hash.finalize().into())
    }

    fn read_link<'a>(&self, token: Option<&'a [u8]>) -> (Link, &'a [u8], Option<Spelling>) {
        let Some(token) = token else {
            return (Link::Genesis, b"", None);
        };
        let text = match string_text(token) {
            Some(text) => text,
            None if token == b"null" || token == b"0" => return (Link::Genesis, b"", None),
            None => return (Link::Unreadable, token, None),
        };
        if is_genesis(text) || self.scheme.genesis.as_deref() == Some(text) {
            return (Link::Genesis, text, None);
        }
        match Digest::read(text) {
            Some((digest, spelling)) => (Link::To(digest), text, Some(spelling)),
            None => (Link::Unreadable, text, None),
        }
    }

    fn misspelled(
        &self,
        object: &Object<'_>,
        prev: Option<Spelling>,
        own: Option<Spelling>,
    ) -> bool {
        let scheme = &self.scheme;
        prev.is_some_and(|s| !s.fits(scheme.prev_spelling))
            || own.is_some_and(|s| scheme.own_spelling.is_some_and(|pinned| !s.fits(pinned)))
            || scheme.layout.is_some_and(|l| {
                // A record of one member has no separators to judge by.
                l != object.layout && object.members.len() > 1
            })
    }

    fn check_content(&mut self, record: &mut Checked<'_>, doubled: bool) {
        let own = record.own;
        let mut now = None;
        for i in 0..self.scheme.recipes.len() {
            let calc = self.hash(record, self.scheme.recipes[i], None);
            if own.is_some_and(|o| o.is_of(&calc)) && !doubled {
                // The recipes before this one fitted all earlier records and not this one: it was never they.
                self.scheme.recipes.drain(..i);
                record.content = Content::Holds;
                return;
            }
            now = now.or(Some(calc));
        }
        let calc = now.unwrap_or_default();
        if let Some(own) = own
            && !doubled
            && self.holds_otherwise(record, &own)
        {
            record.content = Content::Holds;
            return;
        }
        let calc = own.map_or(Digest::new(calc), |o| o.cut(&calc));
        record.content = Content::Changed(calc);
        record.also = Some((calc, Alteration::OwnHash));
    }

    /// Whether the content holds with the link in its pinned spelling, with another label for the beginning, or
    /// under another recipe.
    fn holds_otherwise(&mut self, record: &mut Checked<'_>, own: &Digest) -> bool {
        let Some(&recipe) = self.scheme.recipes.first() else {
            return false;
        };
        if let Link::To(prev) = record.link
            && record.misspelled
        {
            let respelled = prev.spell(self.scheme.prev_spelling);
            if own.is_of(&self.hash(record, recipe, Some(&respelled))) {
                return true;
            }
        }
        let joined = matches!(recipe, Recipe::Joined { .. });
        if joined && record.link == Link::Genesis && record.prev_text.is_empty() {
            for label in GENESIS_LABELS {
                let mut buffer = std::mem::take(&mut self.buffer);
                let mut preimage = Self::preimage(record);
                preimage.prev_text = label.as_bytes();
                let calc = recipe.digest(&preimage, &mut buffer);
                self.buffer = buffer;
                if own.is_of(&calc) {
                    return true;
                }
            }
        }
        for i in 0..self.changed_to.len() {
            if own.is_of(&self.hash(record, self.changed_to[i], None)) {
                return true;
            }
        }
        self.unknown_contents += 1;
        // Trying everything on every record of a long unknown stretch would cost minutes.
        if self.unknown_contents > TRIES && !self.unknown_contents.is_power_of_two() {
            return false;
        }
        let prefixed = !self.scheme.prev_spelling.prefix.is_empty();
        for other in own_hash_recipes(prefixed) {
            if own.is_of(&self.hash(record, other, None)) {
                self.changed_to.push(other);
                record.new_recipe = Some(other);
                return true;
            }
        }
        false
    }

    fn preimage<'p>(record: &'p Checked<'_>) -> Preimage<'p> {
        Preimage {
            line: record.line,
            object: &record.object,
            own: record.own_member,
            prev: record.prev_member,
            prev_text: record.prev_text,
            prev_token: None,
        }
    }

    fn hash(&mut self, record: &Checked<'_>, recipe: Recipe, prev: Option<&str>) -> [u8; 32] {
        let mut buffer = std::mem::take(&mut self.buffer);
        let quoted = prev.map(|p| format!("\"{p}\""));
        let mut preimage = Self::preimage(record);
        if let (Some(prev), Some(quoted)) = (prev, &quoted) {
            preimage.prev_text = prev.as_bytes();
            preimage.prev_token = Some(quoted.as_bytes());
        }
        let digest = recipe.digest(&preimage, &mut buffer);
        self.buffer = buffer;
        digest
    }

    /// The hash this record would have had, had it linked to `prev`; `None` where no hash can be made.
    pub(super) fn hash_linked_to(&mut self, record: &Checked<'_>, prev: &Digest) -> Option<Digest> {
        let &recipe = self.scheme.recipes.first()?;
        let text = prev.spell(self.scheme.prev_spelling);
        let calc = self.hash(record, recipe, Some(&text));
        Some(record.own.map_or(Digest::new(calc), |own| own.cut(&calc)))
    }
}
