//! The terminal: taken over at the start, given back whole at the end, whatever the end is.

mod sparing;

use std::io::{self, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use sparing::Sparing;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::message::Message;
use super::runtime::Job;

/// Gives the terminal back when dropped.
pub struct Guard {
    active: Arc<AtomicBool>,
}

impl Guard {
    /// Takes the terminal over. The calling thread is the one that draws.
    pub fn enter() -> io::Result<(Self, Terminal<Sparing<Stdout>>)> {
        let guard = Self {
            active: Arc::new(AtomicBool::new(true)),
        };
        restore_on_panic(guard.active.clone());
        take_over()?;
        let terminal = Terminal::new(Sparing::new(stdout()))?;
        Ok((guard, terminal))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.active.swap(false, Ordering::AcqRel) {
            restore();
        }
    }
}

fn take_over() -> io::Result<()> {
    enable_raw_mode()?;
    // Where there is no second screen, what stood there goes first.
    execute!(
        stdout(),
        EnterAlternateScreen,
        Clear(ClearType::All),
        EnableBracketedPaste
    )
}

/// The program as a job of the shell that started it.
pub struct ShellJob;

impl Job for ShellJob {
    fn suspend(&mut self) -> io::Result<()> {
        // A shell with job control gives every job a group of its own; without, nobody could let it go on.
        if getsid(None)? == getpgrp() {
            return Err(io::Error::other(
                "there is no shell that could bring it back",
            ));
        }
        restore();
        // The whole group, as the terminal does it. This returns once it goes on.
        let stopped = kill_current_process_group(Signal::STOP);
        take_over()?;
        Ok(stopped?)
    }

    fn take_over(&mut self) -> io::Result<()> {
        // Whoever had the terminal meanwhile may have changed its mode, which is only set where it is thought to be unset.
        let _ = disable_raw_mode();
        take_over()
    }
}

/// Passes on that the program is asked to stop, and that it goes on.
pub async fn tell_of_stops(sender: mpsc::Sender<Message>) -> io::Result<()> {
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let mut go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    loop {
        let message = tokio::select! {
            _ = stop.recv() => Message::Suspend,
            _ = go_on.recv() => Message::Continued,
        };
        if sender.send(message).await.is_err() {
            return Ok(());
        }
    }
}

fn restore() {
    // There is nobody left to tell if this fails.
    let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// A panic of the drawing thread is then readable, on the ordinary screen. One of another thread ends only the work
/// it did, which the runner reports: its message must not be written across the screen.
fn restore_on_panic(active: Arc<AtomicBool>) {
    let drawing = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == drawing {
            if active.swap(false, Ordering::AcqRel) {
                restore();
            }
            before(info);
        } else if !active.load(Ordering::Acquire) {
            before(info);
        }
    }));
}

/// Done when somebody asks the process to end.
pub async fn asked_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
