//! Runs the `console` blocks of a Markdown page: each line after `$ ` by a shell, in a folder with the fixtures. Where
//! output follows in the block, it has to be the command's; a command has to end well unless its line says more.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Paths as a machine has them, and the fixtures that stand in for them; the longer come first.
const STAND_INS: [(&str, &str); 3] = [
    (
        "/var/log/audit/audit.log",
        "tests/fixtures/auditd/interleaved.log",
    ),
    ("/var/log/audit", "tests/fixtures/auditd"),
    (
        "/var/log/kubernetes/audit.log",
        "tests/fixtures/k8s-audit/audit2rbac_demo.log",
    ),
];

/// How the folder is called in outputs.
const HOME: &str = "/home/alice";

const PATIENCE: Duration = Duration::from_secs(120);

/// The page with the outputs of its commands as they are now.
pub(super) fn run_all(page: &str) -> String {
    let place = Place::new();
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```console" {
            continue;
        }
        let mut block = Vec::new();
        while let Some(line) = lines.next_if(|l| *l != "```") {
            block.push(line);
        }
        let shown = block.iter().any(|l| !l.starts_with("$ "));
        let asked = std::env::var_os("UPDATE_DOCS").is_some();
        let alone = block.iter().all(|l| !l.contains("/var/log"));
        for command in block.iter().filter_map(|l| l.strip_prefix("$ ")) {
            out.push_str(&format!("$ {command}\n"));
            let output = place.run(command);
            // An empty block of commands on bundled logs is filled when the page is written anew.
            if shown || (asked && alone) {
                out.push_str(&output);
            }
        }
    }
    out
}

/// A folder of its own for commands to run in.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(
            &Path::new(super::ROOT).join("tests/fixtures"),
            &folder.path().join("tests/fixtures"),
        );
        copy(
            &Path::new(super::ROOT).join("runbooks"),
            &folder.path().join("runbooks"),
        );
        let place = Self { folder };
        let packed = "gzip -c tests/fixtures/auditd/interleaved.log > audit.log.gz";
        assert!(place.shell(packed).status().unwrap().success());
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn environment(&self) -> [(&'static str, String); 6] {
        let program = Path::new(env!("CARGO_BIN_EXE_auditty")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        [
            ("PATH", format!("{}:{path}", program.display())),
            (
                "AUDITTY_HOME",
                self.path().join(".auditty").display().to_string(),
            ),
            ("HOME", self.path().display().to_string()),
            ("LC_ALL", "C.UTF-8".into()),
            ("TERM", "xterm-256color".into()),
            ("TZ", "UTC".into()),
        ]
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).envs(self.environment());
        shell.current_dir(self.path()).stdin(Stdio::null());
        shell
    }

    /// Its output, as the page shows it.
    fn run(&self, command: &str) -> String {
        let mut real = command.to_owned();
        for (path, fixture) in STAND_INS {
            real = real.replace(path, fixture);
        }
        let words: Vec<&str> = real
            .rsplit("| ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        match words[..] {
            ["cargo", ..] => String::new(),
            ["auditty", "tail", .., path] => self.tail(&real, path),
            ["auditty", first]
                if first == "-" || first == "demo" || self.path().join(first).exists() =>
            {
                self.explore(&real);
                String::new()
            }
            _ => {
                let done = self.shell(&real).output().unwrap();
                let text = String::from_utf8(done.stdout).unwrap();
                let talk = String::from_utf8_lossy(&done.stderr);
                assert!(
                    done.status.success(),
                    "{command}: {}\n{text}{talk}",
                    done.status
                );
                text.replace(&self.path().display().to_string(), HOME)
            }
        }
    }

    /// Runs a command that never ends until it prints something about what is appended meanwhile.
    fn tail(&self, command: &str, path: &str) -> String {
        let path = self.path().join(path);
        let more = std::fs::read(&path).unwrap();
        let mut child = self
            .shell(&format!("exec {command}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .all(|line| sender.send(line).is_ok())
        });
        let deadline = Instant::now() + PATIENCE;
        let mut log = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        while lines.recv_timeout(Duration::from_millis(200)).is_err() {
            assert!(Instant::now() < deadline, "{command}: nothing arrived");
            assert!(
                child.try_wait().unwrap().is_none(),
                "{command}: ended by itself"
            );
            log.write_all(&more).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::write(&path, more).unwrap();
        String::new()
    }

    /// Runs a command that opens the explorer on a terminal, waits for the list, and leaves by `q` `q`.
    fn explore(&self, command: &str) {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut shell = CommandBuilder::new("sh");
        shell.args(["-c", command]);
        shell.cwd(self.path());
        for (name, value) in self.environment() {
            shell.env(name, value);
        }
        let mut child = pair.slave.spawn_command(shell).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut writer = pair.master.take_writer().unwrap();
        let (sender, bytes) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut screen = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        let mut wait_for = |wanted: &str| {
            let deadline = Instant::now() + PATIENCE;
            while !screen.screen().contents().contains(wanted) {
                let left = deadline.saturating_duration_since(Instant::now());
                match bytes.recv_timeout(left) {
                    Ok(bytes) => screen.process(&bytes),
                    Err(_) => panic!(
                        "{command}: {wanted:?} never came\n{}",
                        screen.screen().contents()
                    ),
                }
            }
        };
        wait_for("EVENTS");
        writer.write_all(b"q").unwrap();
        wait_for("again");
        writer.write_all(b"q").unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{command}: {status:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
