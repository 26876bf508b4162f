//! Real directories: links, loops, rights, empty and binary files.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Place {
    _guard: tempfile::TempDir,
    dir: PathBuf,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let guard = tempfile::tempdir().unwrap();
        let dir = fs::canonicalize(guard.path()).unwrap().join("place");
        fs::create_dir(&dir).unwrap();
        let place = Self { _guard: guard, dir };
        for (name, content) in files {
            place.write(name, content.as_bytes());
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn discover(&self, names: &[&str]) -> Discovery {
        discover(&names.iter().map(|name| self.path(name)).collect::<Vec<_>>())
    }

    fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir)
            .unwrap_or(path)
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// `root: set=[file file] …` per root, paths relative to the place.
    fn told(&self, discovery: &Discovery) -> Vec<String> {
        let set = |set: &LogSet| {
            let files: Vec<String> = set
                .generations
                .iter()
                .map(|file| self.short(&file.path))
                .collect();
            format!(" {}=[{}]", self.short(&set.name), files.join(" "))
        };
        discovery
            .roots
            .iter()
            .map(|root| {
                format!(
                    "{}:{}",
                    self.short(&root.path),
                    root.sets.iter().map(set).collect::<String>()
                )
            })
            .collect()
    }

    fn skipped(&self, discovery: &Discovery) -> Vec<(String, SkipReason)> {
        discovery
            .skipped
            .iter()
            .map(|s| (self.short(&s.path), s.why))
            .collect()
    }
}

#[test]
fn a_directory_is_walked_and_its_files_sorted_into_sets() {
    let place = Place::new(&[
        ("audit.log", "c"),
        ("audit.log.1", "b"),
        ("audit.log.2", "a"),
        ("k8s/audit.log", "x"),
        ("k8s/audit-2026-03-01T10-00-00.000.log", "w"),
        (".secret", "x"),
        (".git/config", "x"),
        ("nothing", ""),
    ]);
    place.write("wtmp", &[0; 400]);
    place.write("old.lz4", b"\x04\x22\x4d\x18xxxx");
    let found = place.discover(&[""]);
    assert_eq!(
        place.told(&found),
        [
            ": audit.log=[audit.log.2 audit.log.1 audit.log] k8s/audit.log=[k8s/audit-2026-03-01T10-00-00.000.log k8s/audit.log]"
        ]
    );
    assert_eq!(
        place.skipped(&found),
        [
            (".git".into(), SkipReason::Hidden),
            (".secret".into(), SkipReason::Hidden),
            ("old.lz4".into(), SkipReason::Compression),
            ("wtmp".into(), SkipReason::Binary),
            ("nothing".into(), SkipReason::Empty),
        ]
    );
}

#[test]
fn a_live_file_brings_what_it_was_rotated_into_a_rotated_one_stands_alone() {
    let place = Place::new(&[
        ("a.log", "3"),
        ("a.log.1", "2"),
        ("a.log.2", "1"),
        ("b.log", "x"),
        ("b.log.1", "y"),
    ]);
    assert_eq!(
        place.told(&place.discover(&["a.log"])),
        ["a.log: a.log=[a.log.2 a.log.1 a.log]"]
    );
    assert_eq!(
        place.told(&place.discover(&["a.log.1"])),
        ["a.log.1: a.log=[a.log.1]"]
    );
}

#[test]
fn what_a_shell_expands_is_one_set_in_any_order() {
    let place = Place::new(&[("a.log", "3"), ("a.log.1", "2"), ("a.log.2", "1")]);
    for names in [
        ["a.log", "a.log.1", "a.log.2"],
        ["a.log.2", "a.log.1", "a.log"],
    ] {
        let found = place.discover(&names);
        assert_eq!(place.told(&found), ["a.log: a.log=[a.log.2 a.log.1 a.log]"]);
        assert_eq!(found.skipped, []);
    }
}

#[test]
fn the_same_file_is_opened_once_over_all_arguments() {
    let place = Place::new(&[("d/a.log", "a"), ("d/sub/b.log", "b")]);
    fs::hard_link(place.path("d/a.log"), place.path("d/other.log")).unwrap();
    symlink("a.log", place.path("d/link.log")).unwrap();
    symlink(place.path("d/sub"), place.path("d/zub")).unwrap();
    let found = place.discover(&["d/a.log", "d", "d/sub", "d/a.log", "d/../d"]);
    assert_eq!(
        place.told(&found),
        ["d/a.log: d/a.log=[d/a.log]", "d: d/sub/b.log=[d/sub/b.log]"]
    );
    assert_eq!(
        place.skipped(&found),
        [("d/other.log".into(), SkipReason::SameFile)]
    );
}

#[test]
fn loops_end_and_are_told() {
    let place = Place::new(&[("d/a.log", "a")]);
    symlink(".", place.path("d/self")).unwrap();
    symlink("..", place.path("d/up")).unwrap();
    symlink("missing", place.path("d/dangling")).unwrap();
    let found = place.discover(&["d"]);
    assert_eq!(place.told(&found), ["d: d/a.log=[d/a.log]"]);
    assert_eq!(
        place.skipped(&found),
        [
            ("d/dangling".into(), SkipReason::Missing),
            ("d/self".into(), SkipReason::Loop),
            ("d/up".into(), SkipReason::Loop),
        ]
    );
}

#[test]
fn a_link_leads_to_the_log_with_its_rotated_files() {
    let place = Place::new(&[
        ("pods/0.log", "new"),
        ("pods/0.log.20260301-101010", "old"),
        ("pods/1.log", "x"),
    ]);
    fs::create_dir(place.path("containers")).unwrap();
    symlink("../pods/0.log", place.path("containers/web.log")).unwrap();
    let expected = "pods/0.log=[pods/0.log.20260301-101010 pods/0.log]";
    assert_eq!(
        place.told(&place.discover(&["containers"])),
        [format!("containers: {expected}")]
    );
    let found = place.discover(&["containers/web.log"]);
    assert_eq!(place.told(&found), [format!("pods/0.log: {expected}")]);
    let watched: Vec<String> = found
        .dirs
        .iter()
        .map(|dir| place.short(&dir.path))
        .collect();
    assert_eq!(watched, ["containers", "pods"]);
}

#[test]
fn an_empty_live_file_stays_in_its_set() {
    let place = Place::new(&[
        ("a.log", ""),
        ("a.log.1", "x"),
        ("a.log.2", ""),
        ("b.log", ""),
    ]);
    let found = place.discover(&[""]);
    assert_eq!(place.told(&found), [": a.log=[a.log.1 a.log]"]);
    assert_eq!(
        place.skipped(&found),
        [
            ("a.log.2".into(), SkipReason::Empty),
            ("b.log".into(), SkipReason::Empty)
        ]
    );
    assert_eq!(found.empty.len(), 2);
    assert_eq!(
        place.told(&place.discover(&["b.log"])),
        ["b.log: b.log=[b.log]"]
    );
}

#[test]
fn patterns_are_expanded_unless_a_file_has_that_name() {
    let place = Place::new(&[
        ("a.log", "a"),
        ("b.log", "b"),
        ("c.txt", "c"),
        ("sub/d.log", "d"),
    ]);
    assert_eq!(
        place.told(&place.discover(&["*.log"])),
        ["a.log: a.log=[a.log]", "b.log: b.log=[b.log]"]
    );
    assert_eq!(
        place.told(&place.discover(&["**/d.log"])),
        ["sub/d.log: sub/d.log=[sub/d.log]"]
    );
    place.write("[a].log", b"x");
    assert_eq!(
        place.told(&place.discover(&["[a].log"])),
        ["[a].log: [a].log=[[a].log]"]
    );
    let found = place.discover(&["*.json", "[z"]);
    assert_eq!(
        place.skipped(&found),
        [
            ("*.json".into(), SkipReason::Missing),
            ("[z".into(), SkipReason::Missing)
        ]
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_missing_or_no_file_is_told_with_the_way_out() {
    let place = Place::new(&[("audit.log", "a")]);
    let fifo = place.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let found = place.discover(&["audit.lgo", "pipe"]);
    let details: Vec<&str> = found.skipped.iter().map(|s| s.detail.as_str()).collect();
    assert!(
        details[0].ends_with(
            "did you mean {}?"
                .replace("{}", place.path("audit.log").to_str().unwrap())
                .as_str()
        )
    );
    assert!(
        details[1].starts_with("a pipe, which is read as standard input"),
        "{details:?}"
    );
    assert_eq!(found.roots, []);
    assert_eq!(
        place.short(&found.dirs[0].path),
        "",
        "watched, so that a file that appears is opened"
    );
}

#[test]
fn stdin_is_one_root() {
    let found = discover(&["-".into(), "/dev/stdin".into()]);
    assert_eq!(
        found.roots,
        [Root {
            path: "-".into(),
            kind: RootKind::Stdin,
            sets: Vec::new()
        }]
    );
}

#[test]
fn a_later_scan_sees_what_came_and_judges_again_what_changed() {
    let place = Place::new(&[("a.log", "a"), ("b.log", "")]);
    place.write("c.log", &[0; 50]);
    let mut discoverer = Discoverer::new(vec![place.dir.clone()]);
    assert_eq!(place.told(&discoverer.scan()), [": a.log=[a.log]"]);
    place.write("b.log", b"no longer empty");
    place.write("c.log", b"no longer binary");
    place.write("d/e.log", b"new");
    fs::remove_file(place.path("a.log")).unwrap();
    let found = discoverer.scan();
    assert_eq!(
        place.told(&found),
        [": b.log=[b.log] c.log=[c.log] d/e.log=[d/e.log]"]
    );
    assert_eq!(found.skipped, []);
}

#[test]
fn compressed_files_are_known_by_content() {
    let place = Place::new(&[("a.log", "live")]);
    place.write(
        "a.log.1.gz",
        &zstd::encode_all(&b"really zstd\n"[..], 1).unwrap(),
    );
    place.write("a.log.2.gz", b"really plain\n");
    let found = place.discover(&[""]);
    let kinds: Vec<Compression> = found.roots[0].sets[0]
        .generations
        .iter()
        .map(|file| file.compression)
        .collect();
    assert_eq!(
        kinds,
        [Compression::None, Compression::Zstd, Compression::None]
    );
}

#[test]
fn names_that_are_not_utf8_are_files_too() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new(&[]);
    fs::write(place.dir.join(OsStr::from_bytes(b"caf\xe9.log.1")), "x").unwrap();
    assert_eq!(place.discover(&[""]).roots[0].sets.len(), 1);
}
