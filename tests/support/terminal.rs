//! The built program on a terminal of its own: keys in, screen out.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use super::program::Program;

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was written.
    pub(crate) written: Vec<u8>,
}

impl Terminal {
    /// Starts the program with the home of `program`, in its folder of logs.
    pub(crate) fn start(program: &Program, args: &[&str], rows: u16, cols: u16) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_auditty"));
        command.args(args);
        command.env("AUDITTY_HOME", program.home());
        command.env("LC_ALL", "C.UTF-8");
        command.env("TERM", "xterm-256color");
        command.env("TZ", "UTC");
        command.env_remove("NO_COLOR");
        command.cwd(program.logs());
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
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
            screen: vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0),
            written: Vec::new(),
        }
    }

    pub(crate) fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !done(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            // Looks again now and then: what is waited for may not be on the screen.
            match self
                .output
                .recv_timeout(left.min(Duration::from_millis(100)))
            {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.written.extend(bytes);
                }
                Err(_) if Instant::now() < deadline => {}
                Err(_) => panic!("no {what}:\n{}", self.contents()),
            }
        }
    }

    #[track_caller]
    pub(crate) fn until_shown(&mut self, text: &str) {
        self.until(text, |s| s.contents().contains(text));
    }

    pub(crate) fn press(&mut self, keys: &str) {
        // A program that has just ended takes none.
        let _ = self.keys.write_all(keys.as_bytes());
        let _ = self.keys.flush();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = self.child.process_id().unwrap();
        let id = rustix::process::Pid::from_raw(id as i32).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for its end. What it writes meanwhile is read, so that it does not wait for us.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(
                Instant::now() < deadline,
                "still there:\n{}",
                self.contents()
            );
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.screen.process(&bytes);
                self.written.extend(bytes);
            }
        }
    }

    /// Leaves at once, whatever is open; a search that runs takes the first press.
    #[track_caller]
    pub(crate) fn leave(&mut self) {
        self.press("\x03");
        let soon = Instant::now() + Duration::from_secs(2);
        while Instant::now() < soon {
            if self.child.try_wait().unwrap().is_some() {
                break;
            }
            let _ = self.output.recv_timeout(Duration::from_millis(20));
        }
        self.press("\x03");
        assert!(self.ended());
    }

    /// Leaves by the key for it.
    #[track_caller]
    pub(crate) fn quit(&mut self) {
        self.press("q");
        self.until_shown("q again to quit");
        self.press("q");
        assert!(self.ended(), "{}", self.contents());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
