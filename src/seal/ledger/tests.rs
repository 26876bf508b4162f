//! What is kept is read back, after a crash too, and not if it was tampered with.

use super::*;
use crate::seal::{leaf_hash, read_copies, root_of};

fn checkpoint(leaves: &[Hash]) -> Checkpoint {
    Checkpoint {
        origin: "o".into(),
        size: leaves.len() as u64,
        root: root_of(leaves),
        bytes: 1,
        sealed: Timestamp(5),
        after: None,
    }
}

fn write(ledger: &mut Ledger, key: &SealKey, leaves: &[Hash], signed: usize) {
    let before = ledger.file("g").map_or(0, |f| f.checkpoint.size as usize);
    let mut out = ledger.leaf_writer("g").unwrap();
    leaves[before..]
        .iter()
        .for_each(|l| out.write_all(l).unwrap());
    ledger
        .append(key, "g", "a.log", checkpoint(&leaves[..signed]))
        .unwrap();
}

#[test]
fn what_a_crash_left_is_written_again_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let key = SealKey::generate("h").unwrap();
    let leaves: Vec<Hash> = (0..9_u8).map(|n| leaf_hash(&[n])).collect();
    let mut ledger = Ledger::open_to_write(dir.path(), Path::new("/log"), key.public()).unwrap();
    // Nine leaves are written, seven are signed; the next note is cut short.
    write(&mut ledger, &key, &leaves, 7);
    drop(ledger);
    let path = Ledger::dir_of(dir.path(), Path::new("/log")).join(CHECKPOINTS);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"generation\":\"g\",\"fi").unwrap();
    let mut ledger = Ledger::open_to_write(dir.path(), Path::new("/log"), key.public()).unwrap();
    let sealed = ledger.file("g").unwrap().clone();
    assert_eq!(ledger.leaves(&sealed).unwrap(), leaves[..7]);
    write(&mut ledger, &key, &leaves, 9);
    drop(ledger);
    let ledger = Ledger::open(dir.path(), Path::new("/log"), key.public()).unwrap();
    let sealed = ledger.file("g").unwrap();
    assert_eq!(ledger.leaves(sealed).unwrap(), leaves);
    assert!(sealed.checkpoint.after.is_some());
}

#[test]
fn every_place_gets_every_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let key = SealKey::generate("h").unwrap();
    let log = Path::new("/log");
    let leaves: Vec<Hash> = (0..9_u8).map(|n| leaf_hash(&[n])).collect();
    let open = || Ledger::open_to_write(dir.path(), log, key.public()).unwrap();
    let mut ledger = open();
    write(&mut ledger, &key, &leaves, 4);
    assert_eq!(Ledger::newest_copy(dir.path(), log), None);
    let first = ledger.uncopied("a", None).unwrap().unwrap();
    ledger.copied("a", &first, None).unwrap();
    write(&mut ledger, &key, &leaves, 9);
    drop(ledger);
    let mut ledger = open();
    let second = ledger.uncopied("a", None).unwrap().unwrap();
    let whole = ledger.uncopied("b", None).unwrap().unwrap();
    assert_eq!([first.lines, second.lines.clone()].concat(), whole.lines);
    let read = read_copies(&whole.lines, &key.public());
    assert_eq!((read.checkpoints.len(), read.wrong.len()), (2, 0));
    assert_eq!(
        read.checkpoints[1].checkpoint.after,
        Some(read.checkpoints[0].note)
    );
    // A line that is none does not make the others worthless.
    let torn = [b"{\"gener\n", &whole.lines[..]].concat();
    let read = read_copies(&torn, &key.public());
    assert_eq!(read.checkpoints.len(), 2);
    assert_eq!(read.wrong, [(1, "no checkpoint".to_owned())]);
    ledger.copied("a", &second, None).unwrap();
    assert!(ledger.uncopied("a", None).unwrap().is_none());
    assert_eq!(Ledger::newest_copy(dir.path(), log), Some(Timestamp(5)));
    // A file that lost some of it is given everything again.
    let length = Some(second.lines.len() as u64);
    ledger.copied("a", &second, length).unwrap();
    assert!(ledger.uncopied("a", length).unwrap().is_none());
    let again = ledger.uncopied("a", Some(1)).unwrap().unwrap();
    assert_eq!(again.lines, whole.lines);
}

#[test]
fn a_ledger_that_was_tampered_with_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let key = SealKey::generate("h").unwrap();
    let leaves: Vec<Hash> = (0..9_u8).map(|n| leaf_hash(&[n])).collect();
    let mut ledger = Ledger::open_to_write(dir.path(), Path::new("/log"), key.public()).unwrap();
    write(&mut ledger, &key, &leaves[..4], 4);
    write(&mut ledger, &key, &leaves[..6], 6);
    write(&mut ledger, &key, &leaves, 9);
    let other = Ledger::open(
        dir.path(),
        Path::new("/log"),
        SealKey::generate("h").unwrap().public(),
    );
    assert!(matches!(other, Err(LedgerError::Note { line: 1, .. })));
    // Only one writes at a time.
    let second = Ledger::open_to_write(dir.path(), Path::new("/log"), key.public());
    assert!(matches!(second, Err(LedgerError::Busy)));
    let path = Ledger::dir_of(dir.path(), Path::new("/log")).join(CHECKPOINTS);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::write(&path, [lines[0], lines[2]].concat()).unwrap();
    let gap = Ledger::open(dir.path(), Path::new("/log"), key.public());
    assert!(matches!(gap, Err(LedgerError::Broken { line: 2, .. })));
    fs::write(&path, &text).unwrap();
    let sealed = ledger.file("g").unwrap().clone();
    fs::write(path.with_file_name("g.leaves"), [7; 32 * 9]).unwrap();
    assert!(matches!(
        ledger.leaves(&sealed),
        Err(LedgerError::Broken { .. })
    ));
}
