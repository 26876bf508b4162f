//! One line against the pinned scheme: what it links to, what the next should link to, and whether its content
//! hashes to what it says.

mod content;

use super::algorithm::Algorithm;
use super::canonical::Object;
use super::detect::{positions, read_time, string_text, whole_number};
use super::digest::{Digest, Spelling, is_genesis};
use super::recipe::{Preimage, Recipe, find};
use super::rule::Key;
use super::scheme::Scheme;
use super::signature::{self, Seal};
use crate::event::{BreakKind, Timestamp};

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

/// A line read, before it is checked.
#[derive(Debug)]
pub(super) struct Read<'a> {
    line: &'a [u8],
    object: Object<'a>,
    fields: Fields<'a>,
    /// Which of the chains in the file it belongs to: the values of the fields that tell them apart.
    pub(super) stream: Vec<u8>,
}

impl Read<'_> {
    /// Whether a chain field stands in it.
    pub(super) fn has_links(&self) -> bool {
        self.fields.prev.is_some() || self.fields.own.is_some()
    }
}

/// A record of the chain.
#[derive(Debug)]
pub(super) struct Checked<'a> {
    line: &'a [u8],
    object: Object<'a>,
    own_member: Option<usize>,
    prev_member: Option<usize>,
    left_out: Vec<usize>,
    prev_text: &'a [u8],
    key_id: Option<&'a [u8]>,
    /// The text of its own hash as logged.
    pub(super) own_text: &'a [u8],
    misspelled: bool,
    pub(super) entry: Entry,
}

/// What a record says of itself, wherever it stands.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) link: Link,
    /// What the next record should name.
    pub(super) own: Option<Digest>,
    /// What the next record names if this one was altered in one known way.
    pub(super) also: Option<(Digest, Alteration)>,
    pub(super) content: Content,
    pub(super) seq: Option<i64>,
    pub(super) time: TimeText,
    /// It says that contents were taken out of it, and does not hold any more.
    pub(super) redacted: bool,
    /// What else is to be said of it.
    pub(super) remarks: Vec<BreakKind>,
}

/// A line against the scheme.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A record without chain fields.
    Unlinked(Option<Digest>),
    Record(Box<Checked<'a>>),
}

/// Checks lines one by one; learns which of several fitting recipes it is.
#[derive(Clone, Debug)]
pub(super) struct Checker {
    pub(super) scheme: Scheme,
    /// Recipes, with their hash functions, met later in the source.
    changed_to: Vec<(Recipe, Algorithm)>,
    unknown_contents: u64,
    /// Grows whenever it learns something by which it may judge otherwise than before.
    learned: u64,
    /// The key that fitted last: the next record is likely made with it, too.
    last_key: usize,
    buffer: Vec<u8>,
}

/// The members of a record that matter to a chain.
#[derive(Debug, Default)]
struct Fields<'a> {
    /// Value, and index of the member.
    prev: Option<(&'a [u8], usize)>,
    own: Option<(&'a [u8], usize)>,
    seq: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    key_id: Option<&'a [u8]>,
    redacted: bool,
    /// A chain field stands twice, so that two readers may see two values.
    doubled: bool,
}

impl<'a> Fields<'a> {
    fn find(object: &Object<'a>, scheme: &Scheme) -> Self {
        let mut out = Self::default();
        for (index, member) in object.members.iter().enumerate() {
            let value = Some(member.value);
            let key = Some(member.key);
            if key == scheme.prev_key.as_deref() {
                out.doubled |= out.prev.is_some();
                out.prev = Some((member.value, index));
            } else if key == scheme.own_key.as_deref() {
                out.doubled |= out.own.is_some();
                out.own = Some((member.value, index));
            } else if key == scheme.seq_key.as_deref() {
                out.seq = value;
            } else if key == scheme.time_key.as_deref() {
                out.time = value;
            }
            // A field may be two things at once, so these are looked at beside the others.
            if key == scheme.key_id.as_deref() {
                out.key_id = string_text(member.value).or(value);
            }
            if key == scheme.redacted.as_deref() {
                out.redacted = member.value == b"true";
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
            learned: 0,
            last_key: 0,
            buffer: Vec::new(),
        }
    }

    /// What it learned so far: while this is the same, so is what it says of a record.
    pub(super) fn learned(&self) -> u64 {
        self.learned
    }

    /// Reads a line; `None` if it is no JSON object.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Read<'a>> {
        let object = Object::read(line).ok()?;
        let mut stream = Vec::new();
        for path in &self.scheme.stream {
            stream.extend_from_slice(find(&object, path).unwrap_or_default());
            stream.push(0);
        }
        Some(Read {
            line,
            fields: Fields::find(&object, &self.scheme),
            object,
            stream,
        })
    }

    /// The hash by which a line that is no record can be linked to, in a chain of lines.
    pub(super) fn line_hash(&self, line: &[u8]) -> Option<Digest> {
        let (recipe, key) = self.pinned()?;
        let takes_line = self.scheme.is_raw_line() && recipe.takes_line();
        let object = Object::read(b"{}").ok()?;
        let bare = Preimage {
            line,
            object: &object,
            own: None,
            prev: None,
            left_out: &[],
            prev_text: b"",
            prev_token: None,
        };
        takes_line.then(|| recipe.digest(&key.algorithm, &bare, &mut Vec::new()))
    }

    /// The recipe and the key that fit so far.
    fn pinned(&self) -> Option<(&Recipe, &Key)> {
        let functions = &self.scheme.functions;
        let key = functions.get(self.last_key).or_else(|| functions.first())?;
        Some((self.scheme.recipes.first()?, key))
    }

    /// Hashes a record. `first`: of its file, where a missing link is a beginning. `before`: in a rolling chain the
    /// texts of the own hashes before it, the nearest first.
    pub(super) fn check<'a>(
        &mut self,
        read: Read<'a>,
        first: bool,
        before: &[Vec<u8>],
    ) -> Line<'a> {
        let raw = self.scheme.is_raw_line();
        let fields = &read.fields;
        let begins = raw && first;
        if !read.has_links() && !begins {
            return Line::Unlinked(self.line_hash(read.line));
        }
        let doubled = fields.doubled;
        let says_redacted = fields.redacted;
        let mut record = self.take_apart(read);
        if raw {
            record.entry.own = self.hash_as_pinned(&record, None);
            if record.misspelled
                && let Link::To(prev) = record.entry.link
            {
                let relinked = self.relinked(&record, &prev);
                record.entry.also = relinked.map(|d| (d, Alteration::Spelling));
            }
        } else if self.scheme.is_links_only() {
            if record.entry.own.is_none() || doubled {
                record.entry.content = Content::Changed(Digest::of(&[0; 32]));
            }
        } else if self.scheme.is_rolling() {
            self.check_rolling(&mut record, doubled, before);
        } else {
            self.check_content(&mut record, doubled);
        }
        if says_redacted && matches!(record.entry.content, Content::Changed(_)) {
            record.entry.content = Content::Unknown;
            record.entry.also = None;
            record.entry.redacted = true;
        }
        if record.misspelled && !matches!(record.entry.content, Content::Changed(_)) {
            record.entry.remarks.push(BreakKind::Spelling);
        }
        self.check_signature(&mut record);
        Line::Record(Box::new(record))
    }

    /// Sorts what a line says, before anything is hashed.
    fn take_apart<'a>(&self, read: Read<'a>) -> Checked<'a> {
        let fields = read.fields;
        let (link, prev_text, prev_spelling) = self.read_link(fields.prev.map(|p| p.0));
        let own_text = fields.own.and_then(|o| string_text(o.0));
        let stored = own_text.and_then(Digest::read);
        Checked {
            line: read.line,
            own_member: fields.own.map(|o| o.1),
            prev_member: fields.prev.map(|p| p.1),
            left_out: positions(&read.object, &self.scheme.left_out),
            prev_text,
            key_id: fields.key_id,
            own_text: own_text.unwrap_or_default(),
            misspelled: self.misspelled(&read.object, prev_spelling, stored.map(|s| s.1)),
            entry: Entry {
                link,
                own: stored.map(|s| s.0),
                also: None,
                content: Content::Unknown,
                seq: fields.seq.and_then(whole_number),
                time: fields.time.map(TimeText::new).unwrap_or_default(),
                redacted: false,
                remarks: Vec::new(),
            },
            object: read.object,
        }
    }

    /// The text of a line's own hash, or of its previous one.
    pub(super) fn hash_text(&self, line: &[u8], own: bool) -> Option<Vec<u8>> {
        let fields = self.read(line)?.fields;
        let token = if own { fields.own } else { fields.prev };
        string_text(token?.0).map(<[u8]>::to_vec)
    }

    /// The bytes that a line is hashed over, and the hash. `before`: in a rolling chain the own hash before it.
    pub(super) fn hashed(&self, line: &[u8], before: Vec<u8>) -> Option<(Vec<u8>, Digest)> {
        let (recipe, key) = self.pinned()?;
        let read = self.read(line)?;
        let left_out = positions(&read.object, &self.scheme.left_out);
        let text = |token: Option<(&'_ [u8], usize)>| {
            token
                .and_then(|t| string_text(t.0))
                .unwrap_or_default()
                .to_vec()
        };
        let prev_text = match self.scheme.is_rolling() {
            true => before,
            false => text(read.fields.prev),
        };
        let preimage = Preimage {
            line,
            object: &read.object,
            own: read.fields.own.map(|o| o.1),
            prev: read.fields.prev.map(|p| p.1),
            left_out: &left_out,
            prev_text: &prev_text,
            prev_token: None,
        };
        let mut bytes = Vec::new();
        recipe.preimage(&preimage, &mut bytes);
        let hash = key.algorithm.digest(&bytes);
        Some((bytes, hash))
    }

    /// Whether a line of a rolling chain covers this text as the own hash before it.
    pub(super) fn follows(&self, line: &[u8], before: &[u8]) -> bool {
        let own = self.hash_text(line, true);
        let own = own.and_then(|text| Digest::read(&text));
        let hashed = self.hashed(line, before.to_vec());
        own.zip(hashed)
            .is_some_and(|((own, _), (_, hash))| own.is_of(&hash))
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
        if is_genesis(text) || self.scheme.genesis.iter().any(|label| label == text) {
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

    fn check_signature(&mut self, record: &mut Checked<'_>) {
        let Some(signed) = &self.scheme.signature else {
            return;
        };
        let written = record.entry.time.read();
        let preimage = Self::preimage(record);
        let seal = signature::check(signed, &preimage, record.key_id, written, &mut self.buffer);
        let kind = match seal {
            Seal::Good => return,
            Seal::Bad => BreakKind::SignatureBad,
            Seal::KeyUnknown => BreakKind::KeyUnknown,
            Seal::KeyTooNew => BreakKind::KeyEpoch,
        };
        // A record that was changed is told as such; that its signature fails as well is no news.
        if !matches!(record.entry.content, Content::Changed(_)) {
            record.entry.remarks.push(kind);
        }
    }

    fn preimage<'p>(record: &'p Checked<'_>) -> Preimage<'p> {
        Preimage {
            line: record.line,
            object: &record.object,
            own: record.own_member,
            prev: record.prev_member,
            left_out: &record.left_out,
            prev_text: record.prev_text,
            prev_token: None,
        }
    }

    /// The record's hash by a recipe and a key; `prev` stands in for the text of the previous hash.
    fn hash(
        &self,
        record: &Checked<'_>,
        recipe: &Recipe,
        key: usize,
        prev: Option<&Vec<u8>>,
    ) -> Digest {
        let mut buffer = Vec::new();
        let mut preimage = Self::preimage(record);
        let mut quoted = Vec::new();
        if let Some(prev) = prev {
            quoted.push(b'"');
            quoted.extend_from_slice(prev);
            quoted.push(b'"');
            preimage.prev_text = prev;
            preimage.prev_token = Some(&quoted);
        }
        recipe.digest(
            &self.scheme.functions[key].algorithm,
            &preimage,
            &mut buffer,
        )
    }

    fn hash_as_pinned(&self, record: &Checked<'_>, prev: Option<&Vec<u8>>) -> Option<Digest> {
        let recipe = self.scheme.recipes.first()?;
        let key = self
            .last_key
            .min(self.scheme.functions.len().checked_sub(1)?);
        Some(self.hash(record, recipe, key, prev))
    }

    /// The hash this record would have had, had it linked to `prev`; `None` where no hash can be made.
    fn relinked(&self, record: &Checked<'_>, prev: &Digest) -> Option<Digest> {
        let text = prev.spell(self.scheme.prev_spelling).into_bytes();
        let calc = self.hash_as_pinned(record, Some(&text))?;
        Some(record.entry.own.map_or(calc, |own| own.cut(&calc)))
    }

    /// The same for the record of a line.
    pub(super) fn hash_linked_to(&self, line: &[u8], prev: &Digest) -> Option<Digest> {
        self.relinked(&self.take_apart(self.read(line)?), prev)
    }
}
