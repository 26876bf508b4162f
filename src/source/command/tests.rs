//! Commands that end, fail, hang and are stopped, run for real.

use std::fs;
use std::io::Read;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::*;

const LONG: Duration = Duration::from_secs(30);

fn command(script: &str) -> Command {
    Command {
        name: "test".into(),
        run: ["sh", "-c", script].map(str::to_owned).to_vec(),
        once: Vec::new(),
    }
}

/// At once, so that tests need not wait.
const AT_ONCE: Pause = Pause {
    first: Duration::from_millis(1),
    most: Duration::from_millis(8),
};

/// A command being read in a thread of its own.
fn reading(command: Command, once: bool) -> (Arc<Control>, mpsc::Receiver<Option<Vec<u8>>>) {
    let control = Arc::<Control>::default();
    let how = Running {
        once,
        pause: AT_ONCE,
        ..Running::default()
    };
    let mut reader = CommandReader::new(command, how, control.clone());
    let (give, take) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            let _ = give.send(Some(buffer[..read].to_vec()));
        }
        drop(reader);
        let _ = give.send(None);
    });
    (control, take)
}

fn until(take: &mpsc::Receiver<Option<Vec<u8>>>, end: &str) -> String {
    let mut got = String::new();
    while !got.ends_with(end) {
        let Some(bytes) = take.recv_timeout(LONG).expect("the command prints on") else {
            break;
        };
        got.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    got
}

#[test]
fn a_command_that_ends_is_started_again_and_its_lines_are_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    fs::write(&count, "").unwrap();
    // Each run prints everything from the first line on, one more than the last, and fails.
    let script = format!(
        "echo x >> {0}; n=0; while read -r _; do n=$((n+1)); echo line $n; done < {0}; exit 3",
        count.display()
    );
    let (control, take) = reading(command(&script), false);
    let want = "line 1\nline 2\nline 3\nline 4\n";
    assert_eq!(until(&take, "line 4\n"), want);
    control.stop();
    while let Some(more) = take.recv_timeout(LONG).unwrap() {
        assert!(more.starts_with(b"line "));
    }
}

#[test]
fn what_is_run_once_ends_and_a_failure_is_told() {
    let (control, take) = reading(command("echo one; echo two"), true);
    assert_eq!(until(&take, "never"), "one\ntwo\n");
    assert_eq!(control.trouble(), None);
    let (control, take) = reading(command("echo one; echo no right to >&2; exit 4"), true);
    assert_eq!(until(&take, "never"), "one\n");
    let told = control.trouble().unwrap();
    assert!(told.contains("exit status: 4"), "{told}");
    let missing = Command {
        run: vec!["/nowhere/at/all".into()],
        ..command("")
    };
    let (control, take) = reading(missing, true);
    assert_eq!(until(&take, "never"), "");
    let told = control.trouble().unwrap();
    assert!(told.contains("cannot be started: No such file"), "{told}");
}

#[test]
fn stopping_ends_what_was_started_and_what_that_started() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; echo ready; wait", pid.display());
    let (control, take) = reading(command(&script), false);
    assert_eq!(until(&take, "ready\n"), "ready\n");
    control.stop();
    assert_eq!(take.recv_timeout(LONG).unwrap(), None);
    let pid = fs::read_to_string(&pid).unwrap();
    let place = format!("/proc/{}/stat", pid.trim());
    let deadline = Instant::now() + LONG;
    let runs = || fs::read_to_string(&place).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        assert!(Instant::now() < deadline, "still there");
        std::thread::yield_now();
    }
}

#[test]
fn stopping_does_not_wait_for_a_pause_or_for_one_that_will_not_end() {
    let control = Arc::<Control>::default();
    let slow = Pause {
        first: Duration::from_secs(600),
        most: Duration::from_secs(600),
    };
    let how = Running {
        pause: slow,
        ..Running::default()
    };
    let mut reader = CommandReader::new(command("exit 1"), how, control.clone());
    let thread = std::thread::spawn(move || reader.read(&mut [0; 8]).unwrap());
    while control.trouble().is_none() {
        std::thread::yield_now();
    }
    let told = control.trouble().unwrap();
    assert!(told.ends_with("started again after a while"), "{told}");
    control.stop();
    assert_eq!(thread.join().unwrap(), 0);
    let (control, take) = reading(
        command("trap '' TERM; echo ready; exec sleep 600 2>&-"),
        false,
    );
    assert_eq!(until(&take, "ready\n"), "ready\n");
    control.stop();
    assert_eq!(take.recv_timeout(LONG).unwrap(), None);
}

#[test]
fn names_can_stand_in_a_list_of_paths() {
    let mut command = command("true");
    assert_eq!(command.check(), Ok(()));
    assert_eq!(name_in(&command.path()), Some("test"));
    for name in ["", "a b", "../x"] {
        command.name = name.into();
        assert!(command.check().is_err(), "{name}");
    }
    command.name = "x".into();
    command.run.clear();
    assert!(command.check().is_err());
    assert_eq!(Command::journal().check(), Ok(()));
}
