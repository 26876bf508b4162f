//! The real runtime on a `TestBackend`, over an engine in memory, with a clock that stands still.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event as TermEvent, KeyCode, KeyEvent, KeyModifiers};
use futures::stream::{BoxStream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::chain::{ChainReport, Finding};
use crate::engine::memory::MemoryEngine;
use crate::event::{
    Attributes, BreakKind, Event, EventId, Level, Order, Outcome, Timestamp, Verdict,
};
use crate::runbook::{Library, Runbook};
use crate::tui::message::Message;
use crate::tui::runner::Runner;
use crate::tui::runtime::{Pace, Runtime};
use crate::tui::{Options, model};

/// 2026-03-01T15:00:00Z
pub(super) const NOON: i64 = 1_772_377_200;

pub(super) fn noon() -> Timestamp {
    Timestamp(NOON * 1_000_000_000)
}

pub(super) struct Harness {
    runtime: Runtime<TestBackend, BoxStream<'static, Result<TermEvent, std::io::Error>>>,
    input: UnboundedSender<TermEvent>,
    pub engine: Arc<MemoryEngine>,
    tokio: Option<tokio::runtime::Runtime>,
}

impl Harness {
    pub(super) fn new(width: u16, height: u16, events: Vec<Event>) -> Self {
        Self::with(
            width,
            height,
            events,
            Library::default(),
            Options::default(),
        )
    }

    pub(super) fn with(
        width: u16,
        height: u16,
        events: Vec<Event>,
        library: Library,
        options: Options,
    ) -> Self {
        Self::over(engine_of(events), width, height, library, options)
    }

    pub(super) fn over(
        engine: Arc<MemoryEngine>,
        width: u16,
        height: u16,
        library: Library,
        options: Options,
    ) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (input, mut receiver) = unbounded_channel();
        let stream = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx))
            .map(Ok)
            .boxed();
        let options = Options {
            title: "/var/log/audit".into(),
            formats: vec![
                ("k8s-audit".into(), "Kubernetes audit".into()),
                ("text".into(), "Plain text".into()),
            ],
            ..options
        };
        let model = model(library, options).unwrap();
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let guard = tokio.enter();
        let runner = Runner::new(engine.clone(), noon);
        let pace = Pace {
            frame: Duration::ZERO,
            tick: None,
        };
        let runtime = Runtime::new(terminal, stream, model, runner, pace);
        drop(guard);
        let mut harness = Self {
            runtime,
            input,
            engine,
            tokio: Some(tokio),
        };
        harness.settle();
        harness
    }

    /// Steps the loop until nothing is left to do: no search unanswered, nothing to draw.
    pub(super) fn settle(&mut self) {
        self.until(|_| true);
    }

    /// Steps the loop until it is settled and `done` holds.
    #[track_caller]
    pub(super) fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let Some(tokio) = self.tokio.take() else {
            return;
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        let settled = tokio.block_on(async {
            loop {
                // Whatever was sent before is handled even if nothing else is going on.
                let step = tokio::time::timeout(Duration::from_millis(1), self.runtime.step());
                match step.await {
                    Ok(going) => assert!(going.is_ok()),
                    Err(_) if self.runtime.is_settled() && done(self) => return true,
                    Err(_) if Instant::now() > deadline => return false,
                    Err(_) => {}
                }
            }
        });
        self.tokio = Some(tokio);
        assert!(settled, "this was waited for in vain:\n{}", self.screen());
    }

    /// Hands a message to the loop, as if an effect had answered.
    pub(super) fn send(&mut self, message: Message) -> &mut Self {
        let tokio = self.tokio.take();
        {
            let _guard = tokio.as_ref().map(|t| t.enter());
            self.runtime.handle(message);
        }
        self.tokio = tokio;
        self.settle();
        self
    }

    /// Types `keys`: characters, and names in angle brackets (`<enter>`, `<ctrl+u>`).
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while !rest.is_empty() {
            let (event, length) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                Some((name, _)) => (named(name), name.len() + 2),
                None => {
                    let c = rest.chars().next().unwrap();
                    (
                        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
                        c.len_utf8(),
                    )
                }
            };
            rest = &rest[length..];
            self.input.send(TermEvent::Key(event)).unwrap();
            self.settle();
        }
        self
    }

    pub(super) fn paste(&mut self, text: &str) -> &mut Self {
        self.input.send(TermEvent::Paste(text.to_owned())).unwrap();
        self.settle();
        self
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) {
        self.runtime.terminal.backend_mut().resize(width, height);
        self.input.send(TermEvent::Resize(width, height)).unwrap();
        self.settle();
    }

    /// Lets `seconds` pass.
    pub(super) fn tick(&mut self, seconds: i64) {
        let now = self
            .runtime
            .model
            .now
            .saturating_add(seconds * 1_000_000_000);
        let guard = self.tokio.as_ref().map(|t| t.enter());
        self.runtime.handle(Message::Tick(now));
        drop(guard);
        self.settle();
    }

    /// The screen as text, one line a row.
    pub(super) fn screen(&self) -> String {
        text_of(self.runtime.terminal.backend().buffer())
    }

    /// What the screen would show if nothing had been drawn before.
    pub(super) fn drawn_afresh(&self) -> String {
        let size = self.runtime.terminal.size().unwrap();
        let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
        terminal
            .draw(|frame| crate::tui::view::view(frame, self.model()))
            .unwrap();
        text_of(terminal.backend().buffer())
    }

    /// Whether any cell has a colour of its own.
    pub(super) fn has_colour(&self) -> bool {
        let cells = self.runtime.terminal.backend().buffer().content();
        cells
            .iter()
            .any(|c| c.fg != Color::Reset || c.bg != Color::Reset)
    }

    /// Column and row of the terminal's cursor.
    pub(super) fn cursor(&self) -> (u16, u16) {
        let position = self.runtime.terminal.backend().cursor_position();
        (position.x, position.y)
    }

    /// One letter a cell for how it looks: `.` plain, `d` dim, `a` accent, `g` good, `w` warning or failure, `r` red;
    /// upper case when reversed or underlined.
    pub(super) fn styles(&self) -> String {
        let buffer = self.runtime.terminal.backend().buffer();
        let width = usize::from(buffer.area.width).max(1);
        let letter = |cell: &ratatui::buffer::Cell| {
            let letter = match cell.fg {
                Color::Cyan => 'a',
                Color::Green => 'g',
                Color::Yellow => 'w',
                Color::Red => 'r',
                _ if cell.modifier.contains(Modifier::DIM) => 'd',
                _ if cell.modifier.contains(Modifier::BOLD) => 'b',
                _ => '.',
            };
            let marked = cell
                .modifier
                .intersects(Modifier::REVERSED | Modifier::UNDERLINED);
            match (marked, letter) {
                (true, '.') => '#',
                (true, letter) => letter.to_ascii_uppercase(),
                (false, letter) => letter,
            }
        };
        let rows = buffer
            .content()
            .chunks(width)
            .map(|row| row.iter().map(letter).collect::<String>());
        rows.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn set_job(&mut self, job: impl crate::tui::runtime::Job + 'static) {
        self.runtime.set_job(job);
    }

    pub(super) fn runner(&mut self) -> &mut Runner {
        &mut self.runtime.runner
    }

    pub(super) fn model_mut(&mut self) -> &mut crate::tui::model::Model {
        &mut self.runtime.model
    }

    pub(super) fn model(&self) -> &crate::tui::model::Model {
        &self.runtime.model
    }

    pub(super) fn selected_action(&self) -> String {
        let hit = self.model().events.selected();
        hit.and_then(|h| h.event.action.clone()).unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) -> &Self {
        assert!(
            self.screen().contains(text),
            "{text:?} is not on the screen:\n{}",
            self.screen()
        );
        self
    }

    #[track_caller]
    pub(super) fn hides(&self, text: &str) -> &Self {
        assert!(
            !self.screen().contains(text),
            "{text:?} is on the screen:\n{}",
            self.screen()
        );
        self
    }
}

fn text_of(buffer: &ratatui::buffer::Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content().chunks(width).map(|row| {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = crate::text::width(cell.symbol()).saturating_sub(1);
        }
        line.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

impl Drop for Harness {
    fn drop(&mut self) {
        if let Some(tokio) = self.tokio.take() {
            tokio.shutdown_background();
        }
    }
}

pub(super) fn named(name: &str) -> KeyEvent {
    let (name, modifiers) = match name.split_once('+') {
        Some(("ctrl", rest)) => (rest, KeyModifiers::CONTROL),
        Some(("alt", rest)) => (rest, KeyModifiers::ALT),
        _ => (name, KeyModifiers::NONE),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "space" => KeyCode::Char(' '),
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift+tab" => KeyCode::BackTab,
        "f5" => KeyCode::F(5),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "delete" => KeyCode::Delete,
        "backspace" => KeyCode::Backspace,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        function if function.len() > 1 && function.starts_with('f') => {
            KeyCode::F(function[1..].parse().unwrap())
        }
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

/// Event number `n`: one a second, ending at noon for the hundredth.
pub(super) fn event(n: u32) -> Event {
    let actors = [
        "alice@corp",
        "bob@corp",
        "ci-bot",
        "system:serviceaccount:kube-system:node",
    ];
    let ts =
        Timestamp(noon().0 + (i64::from(n) - 100) * 1_000_000_000 + i64::from(n % 7) * 1_000_000);
    let failed = n.is_multiple_of(10);
    let mut attributes = Attributes::default();
    attributes.push_str("objectRef.resource", "secrets");
    attributes.push_str("objectRef.namespace", if failed { "prod" } else { "dev" });
    attributes.push_str("requestID", &format!("r-{n}"));
    Event {
        id: EventId(u128::from(n) + 1),
        ts: Some(ts),
        actor: Some(actors[n as usize % actors.len()].into()),
        action: Some(format!("action-{n}")),
        target: Some("secrets/db".into()),
        outcome: if failed {
            Outcome::Failure
        } else {
            Outcome::Success
        },
        reason: failed.then(|| "403".into()),
        ip: vec!["203.0.113.7".parse().unwrap()],
        host: Some("node-1".into()),
        format: "k8s-audit".into(),
        source: "/var/log/audit.log".into(),
        line: Some(u64::from(n) + 1),
        raw: format!("{{\"n\":{n}}}").into_bytes().into(),
        attributes,
        order: Order {
            ts: ts.0,
            offset: u64::from(n),
            ..Order::default()
        },
        ..Event::default()
    }
}

pub(super) fn engine_of(events: Vec<Event>) -> Arc<MemoryEngine> {
    let engine = MemoryEngine::new();
    for event in events {
        engine.push(event);
    }
    Arc::new(engine)
}

pub(super) fn engine(n: u32) -> Arc<MemoryEngine> {
    engine_of(events(n))
}

pub(super) fn events(n: u32) -> Vec<Event> {
    (0..n).map(event).collect()
}

/// Marks event `n` as the first after a deletion.
pub(super) fn break_chain_at(engine: &MemoryEngine, n: u32) {
    engine.set_verdict(event(n).id, Verdict::Broken(BreakKind::Deleted));
    let finding = Finding {
        kind: BreakKind::Deleted,
        level: Level::Alarm,
        generation: 0,
        line: u64::from(n) + 1,
        line_end: u64::from(n) + 1,
        offset: u64::from(n),
        count: Some(2),
        ts: None,
        expected: Some("ab12".into()),
        found: Some("cd34".into()),
        explanation: "two records are missing before this one".into(),
    };
    let report = ChainReport {
        source: "/var/log/audit.log".into(),
        scheme: Some("prev_hash/hash".into()),
        records: 100,
        verified: 99,
        findings: vec![finding],
        ..ChainReport::default()
    };
    engine.set_chains(vec![Arc::new(report)]);
}

pub(super) const RUNBOOK: &str = "---
runbook: 1
id: who
title: Who did it?
audience: [on-call]
inputs:
  user: {label: Person, type: text, pattern: '[a-z-]+(@corp)?', required: true}
---
# Who did it?

Find out.

## Step 1: Anything at all?

**Scenario:** somebody called.
**Action:** look.

```auditq id=all expect=1..
actor:{user}
```

**Expect:** something.
**Outcome:** a list.

- **If** met **then** [Step 2](#step-2-failures)
- **Else** done

## Step 2: Failures?

**Scenario:** it may have been denied.
**Action:** look again.

```auditq id=failures expect=0
actor:{user} outcome:failure
```

**Expect:** nothing.
**Outcome:** peace.

- **If** met **then** done
- **If** they call again **then** [Step 1](#step-1-anything-at-all)
";

pub(super) fn library() -> Library {
    let runbook = Runbook::parse("test", RUNBOOK).unwrap();
    let broken = Runbook::parse("broken.md", "no runbook").unwrap_err();
    Library {
        runbooks: vec![Arc::new(runbook)],
        errors: vec![broken],
        ..Library::default()
    }
}
