//! Real records with pieces broken, moved and doubled: no format panics on them, and no leaf of a record that can still
//! be read is lost.

use std::collections::HashSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::event::Attributes;
use crate::format::flatten::flatten;
use crate::format::layout::Layout;
use crate::format::mapped::Mapped;
use crate::format::record::trimmed;

/// Bytes of a fixture that one case reads.
const WINDOW: usize = 6 << 10;

/// Frames of a case that every table is tried on.
const TRIED: usize = 3;

static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let files = folders
        .iter()
        .flat_map(|folder| fixtures(folder.file_name().unwrap().to_str().unwrap()));
    files.map(|file| std::fs::read(file).unwrap()).collect()
});

#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, &'static str),
    End(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let pieces = vec![
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "[]",
        "{}",
        "[{\"name\":\"x\"},{\"name\":\"y\",\"value\":1}]",
        "-1e999",
        "99999999999999999999",
        "0001-01-01T00:00:00Z",
        "\\ud800",
        "\u{0}",
        "é",
        "\n",
        "\t",
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Flip(at, byte)),
        (any::<Index>(), 1..80_usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        (any::<Index>(), 1..400_usize).prop_map(|(at, len)| Edit::Repeat(at, len)),
        (any::<Index>(), select(pieces)).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        any::<Index>().prop_map(Edit::End),
    ]
}

/// A part of a fixture from a line's start on, broken.
fn broken(fixture: Index, start: Index, edits: &[Edit]) -> Vec<u8> {
    let file = fixture.get(&FIXTURES);
    let lines: Vec<usize> = std::iter::once(0)
        .chain(memchr::memchr_iter(b'\n', file).map(|at| at + 1))
        .collect();
    let from = *start.get(&lines);
    let mut bytes = file[from..(from + WINDOW).min(file.len())].to_vec();
    for edit in edits {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match edit {
            Edit::Flip(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Edit::Remove(at, len) => {
                let at = place(at);
                bytes.drain(at..(at + len).min(bytes.len()));
            }
            Edit::Repeat(at, len) => {
                let at = place(at);
                let again = bytes[at..(at + len).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            Edit::Insert(at, piece) => {
                let at = place(at);
                bytes.splice(at..at, piece.bytes());
            }
            Edit::End(at) => {
                let at = place(at);
                bytes.truncate(at);
            }
        }
    }
    bytes
}

fn leaves_of(attributes: &Attributes) -> HashSet<(String, String)> {
    let leaves = attributes.iter();
    leaves
        .map(|(path, value)| (path.to_owned(), value.text.to_owned()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn broken_records_are_read_by_every_format_without_loss(
        fixture in any::<Index>(),
        start in any::<Index>(),
        edits in proptest::collection::vec(edit(), 0..5),
    ) {
        let bytes = broken(fixture, start, &edits);
        let registry = Registry::builtin();
        let detected = registry.detect(&bytes).format;
        let frames = frames(&detected, &bytes);
        for frame in &frames {
            prop_assert!(!registry.parse(&detected, frame, &context()).is_empty());
        }
        for frame in frames.iter().take(TRIED) {
            for format in &registry.all() {
                prop_assert!(!registry.parse(format, frame, &context()).is_empty());
            }
            let mut whole = Attributes::default();
            if flatten(trimmed(&frame.bytes), &mut whole).is_err() {
                continue;
            }
            for table in TABLES {
                let Ok(events) = Mapped::new(table, Layout::Lines).parse(frame, &context()) else {
                    continue;
                };
                let kept: HashSet<_> = events.iter().flat_map(|e| leaves_of(&e.attributes)).collect();
                for leaf in leaves_of(&whole) {
                    prop_assert!(kept.contains(&leaf), "{} lost {leaf:?}", table.id);
                }
            }
        }
    }
}
