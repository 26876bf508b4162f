//! The explorer on a real terminal: it starts, it ends, and the terminal is given back whatever the end is.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use super::harness::engine;
use crate::runbook::Library;
use crate::tui::{Options, run, terminal::Guard};

const MODE: &str = "AUDITTY_TEST_CHILD";

/// Not a test by itself: what the tests below run on a terminal of its own.
#[test]
fn child() {
    match std::env::var(MODE).as_deref() {
        Ok("run") => {
            let tokio = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            let options = Options {
                title: "a title".into(),
                ..Options::default()
            };
            tokio
                .block_on(run(engine(10), Library::default(), options, None))
                .unwrap();
        }
        Ok("panic") => {
            let _taken = Guard::enter().unwrap();
            panic!("something is wrong");
        }
        _ => {}
    }
}

struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was written.
    written: Vec<u8>,
}

impl Session {
    fn start(mode: &str) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tui::tests::pty::child", "--nocapture"]);
        command.env(MODE, mode);
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            // The terminal stays open for as long as somebody may read from it.
            let _master = pair.master;
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keys,
            output,
            screen: vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0),
            written: Vec::new(),
        }
    }

    /// Waits until the screen, or what was written, is as wanted.
    #[track_caller]
    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !done(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.written.extend(bytes);
                }
                Err(_) => panic!("no {what}:\n{}", self.screen.screen().contents()),
            }
        }
    }

    #[track_caller]
    fn until_shown(&mut self, text: &str) {
        self.until(text, |s| s.screen.screen().contents().contains(text));
    }

    #[track_caller]
    fn until_given_back(&mut self) {
        let given_back = |s: &Self| {
            let written = String::from_utf8_lossy(&s.written).into_owned();
            ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?25h"]
                .iter()
                .all(|end| written.contains(end))
        };
        self.until("end of the alternate screen", given_back);
        assert!(!self.screen.screen().alternate_screen());
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn starts_takes_keys_and_gives_the_terminal_back() {
    let mut session = Session::start("run");
    session.until_shown("action-9");
    session.press("/actor:bob@corp\r");
    session.until_shown("3 of 10");
    session.press("q");
    session.until_shown("q again to quit");
    session.press("q");
    session.until_given_back();
    assert!(session.child.wait().unwrap().success());
}

#[test]
fn a_signal_ends_it_in_order() {
    let mut session = Session::start("run");
    session.until_shown("action-9");
    let id = session
        .child
        .process_id()
        .and_then(|id| rustix::process::Pid::from_raw(id as i32));
    rustix::process::kill_process(id.unwrap(), rustix::process::Signal::TERM).unwrap();
    session.until_given_back();
    assert!(session.child.wait().unwrap().success());
}

#[test]
fn a_panic_is_readable_on_the_ordinary_screen() {
    let mut session = Session::start("panic");
    session.until_given_back();
    session.until_shown("something is wrong");
}

#[test]
fn a_copy_reaches_the_terminal_as_one_osc_52_sequence() {
    use base64::Engine as _;
    let mut session = Session::start("run");
    session.until_shown("action-9");
    session.press("c");
    session.until_shown("copied the record, if the terminal lets it: 7 bytes");
    let encoded = base64::prelude::BASE64_STANDARD.encode("{\"n\":9}");
    let sequence = format!("\u{1b}]52;c;{encoded}\u{7}");
    let written = String::from_utf8_lossy(&session.written).into_owned();
    assert_eq!(written.matches("\u{1b}]").count(), 1, "one string sequence");
    assert!(written.contains(&sequence));
    session.press("qq");
    session.until_given_back();
}
