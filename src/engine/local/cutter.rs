//! Cutting events into their terms (see [`super::terms`]).

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use super::document::DocumentTerms;
use super::memo::Memo;
use super::numbered::{Numbered, View};
use super::spelling;
use super::terms::{
    HIGH, LOW, NORMAL, OPAQUE, VALUE_BYTES, WORD, WORD_BYTES, attribute_path, hashed_term,
    is_opaque, is_searched, kept_of, kept_of_opaque, normal_path, push_cut, push_kept, push_prefix,
};
use super::{Hash, coded};
use crate::event::field::Field;
use crate::event::{Event, Kind};
use crate::query::token::{Folder, tokens};
use crate::query::value::address_text;

/// Longest value that may be low, in bytes.
const LOW_BYTES: usize = 96;
/// Attributes of an event, of which a hostile one has very many, for which other threads wait.
const LOOK: usize = 1024;
/// Bytes of an event's terms that are remembered, lest one is given out twice; more than all but hostile events have.
const REMEMBERED: usize = 64 << 10;

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
        for (nth, (path, value)) in event.attributes.iter().enumerate() {
            if nth % LOOK == LOOK - 1 {
                view.let_go();
            }
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
        let (Path::Attribute(name) | Path::Normal(name)) = path;
        let memo = self.memo(path);
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
            self.memo(path).remember(place, name, text, number);
        }
    }

    /// Apart, since an attribute may have the name that a normalised field has in terms.
    fn memo(&mut self, path: Path<'_>) -> &mut Memo {
        match path {
            Path::Attribute(_) => &mut self.of_attributes,
            Path::Normal(_) => &mut self.of_normal,
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
        if start > REMEMBERED {
            return true;
        }
        self.bytes.extend_from_slice(term);
        *slot = Slot {
            event: self.event,
            start,
            end: self.bytes.len(),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::event::Outcome;

    /// The terms of an event, as text.
    fn terms(cutter: &mut Cutter, event: &Event) -> BTreeSet<String> {
        let mut out = DocumentTerms::default();
        cutter.cut(event, &mut out);
        let numbered = cutter.numbered.all();
        let numbered = out
            .numbered()
            .iter()
            .map(|n| numbered[*n as usize].to_vec());
        let coded = out
            .coded()
            .iter()
            .map(|c| coded::Coded::of(*c).bytes().to_vec());
        let others = out.others().map(|(_, term)| term.to_vec());
        let all = numbered.chain(coded).chain(others);
        all.map(|term| term.escape_ascii().to_string()).collect()
    }

    fn event(attributes: &[(&str, &str)]) -> Event {
        let mut event = Event {
            outcome: Outcome::Success,
            ..Event::default()
        };
        for (path, text) in attributes {
            event.attributes.push_str(path, text);
        }
        event
    }

    #[test]
    fn values_become_terms_of_their_kind() {
        let mut cutter = Cutter::new(Arc::default());
        let event = event(&[
            ("verb", "get"),
            ("verb", "GET"),
            ("at", "2026-03-01T10:00:00.123456Z"),
            ("digest", "e29ed943264a19a1eb96ff51556809cd"),
            ("message", &format!("{} fad Fad", "long ".repeat(20))),
        ]);
        let got = terms(&mut cutter, &event);
        for want in [
            "Lverb\\x00get",
            "Lverb\\x00get\\xfe",
            "Iat",
            "W2026",
            "W01t10",
            "W00",
            "W123\\xff",
            "Idigest",
            "We29e\\xff",
            "Wlong",
            "Wfad",
            "L\\x01outcome\\x00success",
        ] {
            assert!(
                got.iter().any(|term| term.starts_with(want)),
                "{want} in {got:?}"
            );
        }
        let high = got.iter().filter(|term| term.starts_with("Hmessage"));
        assert_eq!(high.count(), 1);
        // No word of a low value, which is found by that.
        assert!(!got.contains("Wget"));
        // Known by then without being built.
        assert_eq!(terms(&mut cutter, &event), got);
    }

    #[test]
    fn a_key_that_looks_like_a_field_is_none() {
        let mut cutter = Cutter::new(Arc::default());
        let field = Event {
            actor: Some("alice".into()),
            ..event(&[])
        };
        let key = event(&[("\u{1}actor", "alice")]);
        for _ in 0..2 {
            let (of_field, of_key) = (terms(&mut cutter, &field), terms(&mut cutter, &key));
            assert!(of_field.contains("L\\x01actor\\x00alice"), "{of_field:?}");
            assert!(of_key.contains("L\\x021actor\\x00alice"), "{of_key:?}");
            assert!(!of_key.contains("L\\x01actor\\x00alice"));
        }
    }

    #[test]
    fn what_comes_after_many_values_is_a_term_as_well() {
        let mut cutter = Cutter::new(Arc::default());
        let values: Vec<String> = (0..20_000).map(|i| format!("value{i}")).collect();
        let mut all: Vec<(&str, &str)> = values.iter().map(|v| ("list", v.as_str())).collect();
        all.push(("last", "one"));
        let got = terms(&mut cutter, &event(&all));
        assert!(got.contains("Llast\\x00one") && got.contains("Wvalue19999"));
    }
}
