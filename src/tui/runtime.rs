//! The loop: input and replies in, effects out, the screen drawn when something changed and at most once a frame.
//! The same loop runs on a terminal and, with keys from a list, in tests.

use std::future::poll_fn;
use std::io::Write;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::Event as TermEvent;
use futures::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::effect::Effect;
use super::message::Message;
use super::model::Model;
use super::runner::Runner;
use super::update::{start, update};
use super::view::view;

/// Messages handled between two looks at the clock.
const BATCH: usize = 256;

/// Why the loop ended early.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error("cannot draw on the terminal: {0}")]
    Draw(String),
    #[error("cannot read from the terminal: {0}")]
    Input(#[from] std::io::Error),
}

/// How often things happen.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Shortest time between two drawings.
    pub frame: Duration,
    /// Time between ticks while something needs a clock; `None` = never.
    pub tick: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            frame: Duration::from_millis(10),
            tick: Some(Duration::from_millis(250)),
        }
    }
}

pub struct Runtime<B: Backend, S> {
    pub terminal: Terminal<B>,
    pub model: Model,
    pub runner: Runner,
    input: S,
    messages: mpsc::Receiver<Message>,
    /// What stops the program and takes the terminal over; nothing in tests.
    job: Option<Box<dyn Job>>,
    /// Where bytes beside the drawing go: the terminal's own writer, from the thread that draws.
    wire: Box<dyn Write>,
    pace: Pace,
    drawn: Option<Instant>,
    ticked: Instant,
    running: bool,
}

/// The program as a job of a shell.
pub trait Job {
    /// Gives the terminal back, stops, and once the program goes on takes the terminal over again. `Err` = why it did
    /// not stop.
    fn suspend(&mut self) -> std::io::Result<()>;
    /// Takes the terminal over, whoever had it.
    fn take_over(&mut self) -> std::io::Result<()>;
}

/// What woke the loop.
enum Wake {
    Input(Option<Result<TermEvent, std::io::Error>>),
    Message(Message),
    Tick,
    Draw,
}

impl<B, S> Runtime<B, S>
where
    B: Backend,
    S: Stream<Item = Result<TermEvent, std::io::Error>> + Unpin,
{
    pub fn new(
        terminal: Terminal<B>,
        input: S,
        mut model: Model,
        (mut runner, messages): (Runner, mpsc::Receiver<Message>),
        pace: Pace,
    ) -> Self {
        if let Ok(size) = terminal.size() {
            model.size = (size.width, size.height);
        }
        model.now = runner.now();
        for effect in start(&mut model) {
            runner.execute(effect);
        }
        let ticked = Instant::now();
        Self {
            terminal,
            model,
            runner,
            input,
            messages,
            job: None,
            wire: Box::new(std::io::sink()),
            pace,
            drawn: None,
            ticked,
            running: true,
        }
    }

    /// Bytes beside the drawing go to `wire`, which has to be the terminal's own writer.
    pub fn with_wire(mut self, wire: impl Write + 'static) -> Self {
        self.wire = Box::new(wire);
        self
    }

    /// Who stops the program and takes the terminal over.
    pub fn with_job(mut self, job: impl Job + 'static) -> Self {
        self.set_job(job);
        self
    }

    pub fn set_job(&mut self, job: impl Job + 'static) {
        self.job = Some(Box::new(job));
    }

    /// Runs until the explorer is left or `shutdown` is done.
    pub async fn run(&mut self, shutdown: impl Future<Output = ()>) -> Result<(), RuntimeError> {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                going = self.step() => if !going? { return Ok(()) },
            }
        }
    }

    /// Nothing is to be drawn, and nothing that was asked is still unanswered.
    pub fn is_settled(&self) -> bool {
        !self.model.dirty && self.runner.in_flight() == 0 && self.messages.is_empty()
    }

    /// Waits for something to happen and handles it. `false` once the explorer was left.
    pub async fn step(&mut self) -> Result<bool, RuntimeError> {
        self.draw_if_due()?;
        let due = self
            .drawn
            .map_or_else(Instant::now, |at| at + self.pace.frame);
        let tick = self
            .pace
            .tick
            .map(|period| self.ticked + period)
            .filter(|_| self.model.needs_tick());
        let wake = tokio::select! {
            biased;
            event = self.input.next() => Wake::Input(event),
            Some(message) = self.messages.recv() => Wake::Message(message),
            () = sleep_until(tick.unwrap_or(due)), if tick.is_some() => Wake::Tick,
            () = sleep_until(due), if self.model.dirty => Wake::Draw,
        };
        match wake {
            Wake::Input(None) => return Ok(false),
            Wake::Input(Some(event)) => {
                self.tick();
                self.input(event?);
            }
            Wake::Message(message) => self.handle(message),
            Wake::Tick => self.tick(),
            Wake::Draw => {}
        }
        self.drain().await?;
        self.draw_if_due()?;
        Ok(self.running)
    }

    /// Handles what has come meanwhile, without waiting.
    async fn drain(&mut self) -> Result<(), RuntimeError> {
        for _ in 0..BATCH {
            if !self.running {
                break;
            }
            // Polled with this task's waker: a stream of terminal events keeps the first waker it is given.
            let input = poll_fn(|cx| Poll::Ready(self.input.poll_next_unpin(cx))).await;
            if let Poll::Ready(Some(event)) = input {
                self.input(event?);
            } else if let Ok(message) = self.messages.try_recv() {
                self.handle(message);
            } else {
                break;
            }
        }
        Ok(())
    }

    fn tick(&mut self) {
        self.ticked = Instant::now();
        let now = self.runner.now();
        self.handle(Message::Tick(now));
    }

    fn input(&mut self, event: TermEvent) {
        let message = match event {
            TermEvent::Key(key) => Message::Key(key),
            TermEvent::Paste(text) => Message::Paste(text),
            TermEvent::Resize(width, height) => Message::Resize(width, height),
            TermEvent::FocusGained | TermEvent::FocusLost | TermEvent::Mouse(_) => return,
        };
        self.handle(message);
    }

    pub fn handle(&mut self, message: Message) {
        for effect in update(&mut self.model, message) {
            match effect {
                Effect::Quit => self.running = false,
                Effect::Redraw => self.draw_afresh(),
                Effect::Suspend => {
                    let said = self.job.as_mut().and_then(|job| job.suspend().err());
                    self.came_back();
                    if let Some(why) = said {
                        self.model.say(format!("not left: {why}"));
                    }
                }
                Effect::TakeOver => {
                    // Drawing says so if the terminal is gone.
                    let _ = self.job.as_mut().map(|job| job.take_over());
                    self.came_back();
                }
                Effect::Wire(bytes) => {
                    // Drawing says so if the terminal is gone.
                    let _ = self.wire.write_all(&bytes).and_then(|()| self.wire.flush());
                }
                other => self.runner.execute(other),
            }
        }
    }

    /// Nobody told of what became of the window while the terminal was somebody else's.
    fn came_back(&mut self) {
        if let Ok(size) = self.terminal.size() {
            self.handle(Message::Resize(size.width, size.height));
        }
        self.draw_afresh();
    }

    fn draw_afresh(&mut self) {
        self.model.dirty = true;
        // Not by the terminal's own way to clear, which asks it for the place of the cursor: the answer would have to
        // come between the keys. Drawing says so if the terminal is gone.
        let _ = self.terminal.backend_mut().clear();
        self.terminal.swap_buffers();
    }

    fn draw_if_due(&mut self) -> Result<(), RuntimeError> {
        let due = self.drawn.is_none_or(|at| at.elapsed() >= self.pace.frame);
        if !self.model.dirty || !due {
            return Ok(());
        }
        self.model.dirty = false;
        self.drawn = Some(Instant::now());
        let model = &self.model;
        match self.terminal.draw(|frame| view(frame, model)) {
            Ok(_) => Ok(()),
            Err(error) => Err(RuntimeError::Draw(error.to_string())),
        }
    }
}
