//! Sessions as files: one for each set of sources, one for each name. Written in one step, so that two programs on the
//! same sources never tear a file: the last one wins. What cannot be read is put aside, never deleted.

use std::cmp::Reverse;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Mark, Session};
use crate::config::paths::{PathsError, private_dir, write_private};

/// Of the files this program writes; it leaves those with a higher number alone.
const VERSION: u64 = 1;
/// A file that is larger was not written by this program.
const MAX_BYTES: u64 = 8 << 20;
/// Sets of sources that are remembered; the oldest go first.
const MAX_KEPT: usize = 200;
const MAX_NAME: usize = 64;

/// Which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The one of a set of sources, by a hash of their paths.
    Sources(String),
    Named(String),
}

impl Slot {
    /// The order of the paths means nothing.
    pub fn of_sources(paths: &[PathBuf]) -> Self {
        let mut paths: Vec<&[u8]> = paths.iter().map(|p| p.as_os_str().as_bytes()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut hash = Sha256::new();
        for path in paths {
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
        }
        let digest = hash.finalize();
        Self::Sources(digest.iter().take(8).map(|b| format!("{b:02x}")).collect())
    }

    /// A name becomes part of a file's: letters, digits and a few signs.
    pub fn named(name: &str) -> Result<Self, StateError> {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
        let begins_well = name.chars().next().is_some_and(char::is_alphanumeric);
        if begins_well && name.len() <= MAX_NAME && name.chars().all(is_plain) {
            Ok(Self::Named(name.to_owned()))
        } else {
            Err(StateError::Name(name.to_owned()))
        }
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        match self {
            Self::Sources(name) | Self::Named(name) => name,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{0:?} is no name for a session; use up to 64 letters, digits, blanks, - _ .")]
    Name(String),
    #[error("there is no session {0:?}")]
    Missing(String),
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Private(#[from] PathsError),
    #[error("the session kept here cannot be read ({why}); it was moved to {aside}", aside = aside.display())]
    Unreadable { why: String, aside: PathBuf },
}

/// A session that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub slot: Slot,
    pub session: Session,
}

/// The folder of all sessions.
#[derive(Clone, Debug)]
pub struct Store {
    state: PathBuf,
}

impl Store {
    /// `state` is the folder for what is kept; nothing is made before something is saved.
    pub fn new(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
        }
    }

    fn folder(&self, slot: &Slot) -> PathBuf {
        self.state.join("sessions").join(match slot {
            Slot::Sources(_) => "sources",
            Slot::Named(_) => "named",
        })
    }

    fn path(&self, slot: &Slot) -> PathBuf {
        self.folder(slot).join(format!("{}.json", slot.name()))
    }

    /// `None` if there is none. A file that makes no sense is put aside, so that the next save does not destroy it.
    pub fn load(&self, slot: &Slot) -> Result<Option<Session>, StateError> {
        let path = self.path(slot);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        match parse(&bytes) {
            Ok(session) => Ok(Some(session)),
            Err(why) => {
                let aside = path.with_extension("json.aside");
                let failed = io_error("move aside", &path);
                fs::rename(&path, &aside).map_err(failed)?;
                Err(StateError::Unreadable { why, aside })
            }
        }
    }

    pub fn save(&self, slot: &Slot, session: &Session) -> Result<(), StateError> {
        let folder = self.folder(slot);
        // One by one: only the last of several new folders would be private from the start.
        private_dir(&self.state)?;
        private_dir(&self.state.join("sessions"))?;
        private_dir(&folder)?;
        let path = self.path(slot);
        let failed = |error: serde_json::Error| io_error("write", &path)(error.into());
        let mut value = serde_json::to_value(session).map_err(failed)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("version".to_owned(), VERSION.into());
        }
        let bytes = serde_json::to_vec_pretty(&value).map_err(failed)?;
        let is_new = !path.exists();
        write_private(&path, &bytes)?;
        if is_new && matches!(slot, Slot::Sources(_)) {
            forget_oldest(&folder);
        }
        Ok(())
    }

    /// The latest first. What cannot be read is left out.
    pub fn list(&self) -> Vec<Listed> {
        let sources = Slot::Sources as fn(String) -> Slot;
        let mut found = Vec::new();
        for kind in [sources, Slot::Named] {
            let names = files(&self.folder(&kind(String::new())));
            let names = names.into_iter().filter_map(|(_, path)| {
                let name = path.file_name()?.to_str()?;
                name.strip_suffix(".json").map(str::to_owned)
            });
            found.extend(names.map(kind).filter_map(|slot| {
                let bytes = read(&self.path(&slot)).ok()??;
                let session = parse(&bytes).ok()?;
                Some(Listed { slot, session })
            }));
        }
        found.sort_by_key(|listed| Reverse(listed.session.saved));
        found
    }

    /// The names under which something is kept, the latest first.
    pub fn names(&self) -> Vec<String> {
        let named = self
            .list()
            .into_iter()
            .filter_map(|listed| match listed.slot {
                Slot::Named(name) => Some(name),
                Slot::Sources(_) => None,
            });
        named.collect()
    }

    pub fn delete(&self, slot: &Slot) -> Result<(), StateError> {
        let path = self.path(slot);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StateError::Missing(slot.name().to_owned()))
            }
            Err(error) => Err(io_error("delete", &path)(error)),
            Ok(()) => Ok(()),
        }
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::Io {
        action,
        path,
        source,
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    // A pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let why = io::Error::other("it is no regular file");
        return Err(io_error("read", path)(why));
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", path)(error)),
    };
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(io_error("read", path))?;
    Ok(Some(bytes))
}

fn parse(bytes: &[u8]) -> Result<Session, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err("it is too large".to_owned());
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => serde_json::from_value(value).map_err(|e| e.to_string()),
        Some(other) => Err(format!(
            "it is of version {other}, this program reads {VERSION}"
        )),
        None => Err("it names no version".to_owned()),
    }
}

/// The session files of a folder and when they were written, the latest first.
fn files(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files
}

fn forget_oldest(folder: &Path) {
    for (_, path) in files(folder).into_iter().skip(MAX_KEPT) {
        // One file too many does no harm.
        let _ = fs::remove_file(path);
    }
}

/// Saves one session again and again, from several threads: a save that was asked for earlier never overwrites a later,
/// and marks that another program put there meanwhile are left.
#[derive(Debug)]
pub struct Keeper {
    pub store: Store,
    slot: Slot,
    last: Mutex<Last>,
}

/// The last save.
#[derive(Debug, Default)]
struct Last {
    number: u64,
    /// The marks of this program then: of what is in the file now, the rest is of others.
    marks: Vec<Mark>,
}

impl Keeper {
    /// `marks` are those that this program begins with.
    pub fn new(store: Store, slot: Slot, marks: Vec<Mark>) -> Self {
        let last = Last { number: 0, marks };
        Self {
            store,
            slot,
            last: Mutex::new(last),
        }
    }

    /// `number` grows with every save that is asked for.
    pub fn save(&self, number: u64, session: &Session) -> Result<(), StateError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if number < last.number {
            return Ok(());
        }
        last.number = number;
        let path = self.store.path(&self.slot);
        let there = read(&path).ok().flatten().and_then(|b| parse(&b).ok());
        let marks = match there {
            Some(there) => merged(&session.marks, &last.marks, there.marks),
            None => session.marks.clone(),
        };
        self.store.save(
            &self.slot,
            &Session {
                marks,
                ..session.clone()
            },
        )?;
        last.marks.clone_from(&session.marks);
        Ok(())
    }
}

/// `ours`, with what others changed since `before`, when both were the same.
fn merged(ours: &[Mark], before: &[Mark], theirs: Vec<Mark>) -> Vec<Mark> {
    let of = |marks: &[Mark], id: &str| marks.iter().find(|m| m.at.id == id).cloned();
    let mut all: Vec<Mark> = Vec::new();
    for mark in ours {
        let other = of(&theirs, &mark.at.id);
        let unchanged = of(before, &mark.at.id).as_ref() == Some(mark);
        match (unchanged, other) {
            (true, Some(other)) => all.push(other),
            // Deleted by them, and left alone by us.
            (true, None) => {}
            _ => all.push(mark.clone()),
        }
    }
    let is_new = |mark: &Mark| of(ours, &mark.at.id).is_none() && of(before, &mark.at.id).is_none();
    all.extend(theirs.into_iter().filter(is_new));
    all
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::event::Timestamp;
    use crate::state::{Place, Run};

    fn store() -> (tempfile::TempDir, Store) {
        let base = tempfile::tempdir().unwrap();
        let store = Store::new(&base.path().join("state"));
        (base, store)
    }

    fn session(query: &str, saved: i64) -> Session {
        Session {
            query: query.to_owned(),
            saved: Timestamp(saved),
            ..Session::default()
        }
    }

    #[test]
    fn what_is_saved_is_loaded_and_private() {
        let (_base, store) = store();
        let slot = Slot::of_sources(&["/a".into(), "/b".into()]);
        assert_eq!(slot, Slot::of_sources(&["/b".into(), "/a".into()]));
        assert_ne!(slot, Slot::of_sources(&["/a/b".into()]));
        assert_eq!(store.load(&slot).unwrap(), None);
        let place = Place {
            id: "ab".into(),
            source: "/a".into(),
            ts: i64::MIN,
            generation: -1,
            offset: u64::MAX,
            sub: 3,
        };
        let one = Session {
            marks: vec![Mark {
                at: place.clone(),
                marked: true,
                note: Some("first seen\nhere".into()),
            }],
            selected: Some(place),
            run: Some(Run {
                id: "who".into(),
                inputs: [("who".to_owned(), "alice".to_owned())].into(),
                step: 2,
                applied: true,
                ..Run::default()
            }),
            ..session("actor:alice", 5)
        };
        store.save(&slot, &one).unwrap();
        assert_eq!(store.load(&slot).unwrap(), Some(one));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.path(&slot)), 0o600);
        for folder in store.path(&slot).ancestors().skip(1).take(3) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_and_kept_aside() {
        let (_base, store) = store();
        let slot = Slot::named("night shift").unwrap();
        for (text, why) in [
            ("{", "EOF"),
            ("{\"version\": 7}", "it is of version 7"),
            ("{}", "no version"),
            ("{\"version\": 1, \"query\": 3}", "invalid type"),
        ] {
            store.save(&slot, &Session::default()).unwrap();
            fs::write(store.path(&slot), text).unwrap();
            assert_eq!(store.list(), []);
            let error = store.load(&slot).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            let aside = store.path(&slot).with_extension("json.aside");
            assert_eq!(fs::read_to_string(aside).unwrap(), text);
            assert_eq!(store.load(&slot).unwrap(), None);
        }
    }

    #[test]
    fn fields_of_other_programs_do_no_harm() {
        let text = br#"{"version": 1, "query": "a", "weather": "fine"}"#;
        assert_eq!(parse(text), Ok(session("a", 0)));
    }

    #[test]
    fn sessions_are_listed_by_age_and_deleted_by_name() {
        let (_base, store) = store();
        let named = Slot::named("alice").unwrap();
        store.save(&named, &session("one", 1)).unwrap();
        let other = Slot::of_sources(&["/a".into()]);
        store.save(&other, &session("two", 2)).unwrap();
        let queries: Vec<String> = store.list().into_iter().map(|l| l.session.query).collect();
        assert_eq!(queries, ["two", "one"]);
        store.delete(&named).unwrap();
        assert!(matches!(store.delete(&named), Err(StateError::Missing(_))));
        assert_eq!(store.list().len(), 1);
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        for bad in ["", "../x", "a/b", ".hidden", "-x", "a\nb", &"x".repeat(65)] {
            assert!(Slot::named(bad).is_err(), "{bad:?}");
        }
        assert!(Slot::named("Ärger 2026-03-01").is_ok());
    }

    #[test]
    fn a_late_save_does_not_overwrite_a_later_one() {
        let (_base, store) = store();
        let slot = Slot::of_sources(&["/a".into()]);
        let keeper = Keeper::new(store.clone(), slot.clone(), Vec::new());
        keeper.save(2, &session("new", 2)).unwrap();
        keeper.save(1, &session("old", 1)).unwrap();
        assert_eq!(store.load(&slot).unwrap().unwrap().query, "new");
    }

    #[test]
    fn marks_of_another_program_are_left() {
        let (_base, store) = store();
        let slot = Slot::of_sources(&["/a".into()]);
        let mark = |id: &str, note: &str| Mark {
            at: Place {
                id: id.into(),
                ..Place::default()
            },
            marked: true,
            note: Some(note.into()),
        };
        let with = |marks: &[Mark]| Session {
            marks: marks.to_vec(),
            ..Session::default()
        };
        let both = [mark("a", "both"), mark("b", "both")];
        store.save(&slot, &with(&both)).unwrap();
        let one = Keeper::new(store.clone(), slot.clone(), both.to_vec());
        let two = Keeper::new(store.clone(), slot.clone(), both.to_vec());
        // The first writes a note; the second deletes one, changes one and adds one.
        one.save(
            1,
            &with(&[both[0].clone(), both[1].clone(), mark("c", "one")]),
        )
        .unwrap();
        two.save(1, &with(&[mark("b", "two"), mark("d", "two")]))
            .unwrap();
        let notes = || {
            let marks = store.load(&slot).unwrap().unwrap().marks;
            let mut notes: Vec<String> = marks
                .into_iter()
                .map(|m| format!("{}={}", m.at.id, m.note.unwrap_or_default()))
                .collect();
            notes.sort();
            notes.join(" ")
        };
        assert_eq!(notes(), "b=two c=one d=two");
        // The first saves once more without having seen any of it.
        one.save(
            2,
            &with(&[both[0].clone(), both[1].clone(), mark("c", "one")]),
        )
        .unwrap();
        assert_eq!(notes(), "b=two c=one d=two");
        one.save(3, &with(&[both[1].clone()])).unwrap();
        assert_eq!(notes(), "b=two d=two");
        // The last ones deleted elsewhere do not come back.
        two.save(2, &with(&[])).unwrap();
        assert_eq!(notes(), "");
        one.save(4, &with(&[both[1].clone()])).unwrap();
        assert_eq!(notes(), "");
        // A save that failed is none.
        let folder = store.folder(&slot);
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "in the way").unwrap();
        one.save(5, &with(&[mark("e", "one")])).unwrap_err();
        fs::remove_file(&folder).unwrap();
        store.save(&slot, &with(&[])).unwrap();
        one.save(6, &with(&[mark("e", "one")])).unwrap();
        assert_eq!(notes(), "e=one");
    }

    #[test]
    fn a_pipe_in_the_place_of_a_session_is_not_waited_for() {
        let (_base, store) = store();
        let slot = Slot::named("x").unwrap();
        store.save(&slot, &Session::default()).unwrap();
        let path = store.path(&slot);
        fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let error = store.load(&slot).unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }

    #[test]
    fn two_programs_never_tear_a_file() {
        let (_base, store) = store();
        let slot = Slot::of_sources(&["/a".into()]);
        store.save(&slot, &session("start", 0)).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..2 {
                let (store, slot) = (store.clone(), slot.clone());
                scope.spawn(move || {
                    for n in 0..40 {
                        let query = format!("{writer}-{n}").repeat(50);
                        store.save(&slot, &session(&query, n)).unwrap();
                    }
                });
            }
            for _ in 0..200 {
                assert!(store.load(&slot).unwrap().is_some());
            }
        });
    }
}
