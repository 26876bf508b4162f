//! Cutting events into their terms (see [`super::terms`]).

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use super::coded;
use super::document::DocumentTerms;
use super::memo::Memo;
use super::numbered::{Hash, Numbered, View};
use super::spelling;
use super::terms::{
    HIGH, LOW, NORMAL, OPAQUE, VALUE_BYTES, WORD, WORD_BYTES, attribute_path, hashed_term,
    is_opaque, is_searched, kept_of, kept_of_opaque, normal_path, push_cut, push_kept, push_prefix,
};
use crate::event::field::Field;
use crate::event::{Event, Kind};
use crate::query::token::{Folder, tokens};
use crate::query::value::address_text;

/// Longest value that may be low, in bytes.
const LOW_BYTES: usize = 96;

/// The term paths of [`NORMAL`].
static NORMAL_PATHS: LazyLock<[String; NORMAL.len()]> = LazyLock::new(|| NORMAL.map(normal_path));

/// What a thread needs to cut events into terms.
pub(crate) struct Cutter {
    numbered: Arc<Numbered>,
    knife: Knife,
}

impl Cutter {
    pub(crate) fn new(numbered: Arc<Numbered>) -> Self {
        Self {
            knife: Knife {
                hash: numbered.hash.clone(),
                of_attributes: Memo::new(numbered.hash.clone()),
                of_normal: Memo::new(numbered.hash.clone()),
                given: Given::default(),
                term: Vec::new(),
                folder: Folder::default(),
            },
            numbered,
        }
    }

    /// Gives `out` every term of the event; a term may come twice.
    pub(crate) fn cut(&mut self, event: &Event, out: &mut DocumentTerms) {
        let Self { numbered, knife } = self;
        let mut view = numbered.view();
        knife.given.clear();
        for (path, value) in event.attributes.iter() {
            if value.kind != Kind::Empty {
                knife.value(Path::Attribute(path), value.text, true, &mut view, out);
            }
        }
        for (field, path) in NORMAL.into_iter().zip(&*NORMAL_PATHS) {
            let searched = is_searched(path.as_bytes());
            let path = Path::Normal(path);
            let mut one = |text: &str| knife.value(path, text, searched, &mut view, out);
            match field {
                Field::Actor => event.actor.iter().for_each(|v| one(v)),
                Field::Action => event.action.iter().for_each(|v| one(v)),
                Field::Target => event.target.iter().for_each(|v| one(v)),
                Field::Reason => event.reason.iter().for_each(|v| one(v)),
                Field::Message => event.message.iter().for_each(|v| one(v)),
                Field::Host => event.host.iter().for_each(|v| one(v)),
                Field::Session => event.session.iter().for_each(|v| one(v)),
                Field::Outcome => one(event.outcome.as_str()),
                Field::Severity => event.severity.iter().for_each(|s| one(s.as_str())),
                Field::Ip => event.ip.iter().for_each(|ip| one(&address_text(*ip))),
                _ => {}
            }
        }
    }
}

/// Whose value it is.
#[derive(Clone, Copy)]
enum Path<'a> {
    /// As the record has it.
    Attribute(&'a str),
    /// As its terms have it.
    Normal(&'a str),
}

struct Knife {
    hash: Hash,
    /// By the paths that attributes have in records.
    of_attributes: Memo,
    of_normal: Memo,
    given: Given,
    /// The term being built.
    term: Vec<u8>,
    folder: Folder,
}

impl Knife {
    fn value(
        &mut self,
        path: Path<'_>,
        text: &str,
        searched: bool,
        view: &mut View<'_>,
        out: &mut DocumentTerms,
    ) {
        let (memo, name) = match path {
            Path::Attribute(name) => (&self.of_attributes, name),
            Path::Normal(name) => (&self.of_normal, name),
        };
        let place = memo.place(name, text);
        if let Some(number) = memo.number(place, name, text) {
            out.add_numbered(number);
            return;
        }
        let term_path = match path {
            Path::Attribute(name) => attribute_path(name),
            Path::Normal(name) => Cow::Borrowed(name),
        };
        let mut folder = std::mem::take(&mut self.folder);
        let low = self.folded(&term_path, folder.fold(text), text, searched, view, out);
        self.folder = folder;
        if let Some(number) = low {
            let memo = match path {
                Path::Attribute(_) => &mut self.of_attributes,
                Path::Normal(_) => &mut self.of_normal,
            };
            memo.remember(place, name, text, number);
        }
    }

    /// Returns the number if that is all that there is of the value.
    fn folded(
        &mut self,
        path: &str,
        value: &str,
        spelled: &str,
        searched: bool,
        view: &mut View<'_>,
        out: &mut DocumentTerms,
    ) -> Option<u32> {
        self.term.clear();
        let opaque = is_opaque(value);
        if opaque {
            self.term.push(OPAQUE);
            self.term.extend_from_slice(path.as_bytes());
            match view.opaque(&self.term) {
                Some(number) => out.add_numbered(number),
                None => self.give(out),
            }
            if !searched {
                self.term = hashed_term(path, value);
                self.give(out);
            }
        } else {
            push_prefix(&mut self.term, LOW, path);
            if !push_cut(&mut self.term, value, VALUE_BYTES) {
                spelling::push(&mut self.term, value, spelled);
            }
            let low = match value.len() {
                0..=LOW_BYTES => view.low(&self.term, path),
                _ => None,
            };
            if let Some(number) = low {
                out.add_numbered(number);
                return low;
            }
            self.term[0] = HIGH;
            self.give(out);
        }
        if searched {
            for word in tokens(value) {
                let (kept, cut) = match opaque {
                    true => kept_of_opaque(word),
                    false => kept_of(word, WORD_BYTES),
                };
                if let Some(code) = coded::code(kept, cut) {
                    out.add_coded(code);
                    continue;
                }
                self.term.clear();
                self.term.push(WORD);
                push_kept(&mut self.term, kept, cut);
                self.give(out);
            }
        }
        None
    }

    /// Gives out the term that was built, unless this event had it.
    fn give(&mut self, out: &mut DocumentTerms) {
        let hash = self.hash.hash_one(&*self.term);
        if self.given.is_new(&self.term, hash) {
            out.add(&self.term, hash);
        }
    }
}

/// Terms given out for the current event, without an allocation a term. Two that share a slot push each other out: a
/// term given out twice does no harm, it is only slower.
struct Given {
    slots: [Slot; 256],
    bytes: Vec<u8>,
    /// Slots of earlier events are empty.
    event: u64,
}

/// Where the bytes of a term begin and end.
#[derive(Clone, Copy, Default)]
struct Slot {
    event: u64,
    start: usize,
    end: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            slots: [Slot::default(); 256],
            bytes: Vec::new(),
            event: 0,
        }
    }
}

impl Given {
    fn clear(&mut self) {
        self.event += 1;
        self.bytes.clear();
    }

    fn is_new(&mut self, term: &[u8], hash: u64) -> bool {
        let slot = &mut self.slots[hash as usize % 256];
        if slot.event == self.event && self.bytes[slot.start..slot.end] == *term {
            return false;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(term);
        *slot = Slot {
            event: self.event,
            start,
            end: self.bytes.len(),
        };
        true
    }
}
