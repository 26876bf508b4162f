//! Everything the explorer knows; changed only by `update`, drawn only by `view`.

use super::effect::{Generation, Purpose};
use super::keymap::{Context, Keymap};
use super::overlay::Overlay;
use super::pane::detail::Detail;
use super::pane::events::Events;
use super::pane::filters::Filters;
use super::pane::query_bar::{Counts, QueryBar};
use super::pane::runbook::Runbooks;
use super::pane::status::Live;
use super::theme::{Role, Theme};
use super::widget::text::number;
use super::widget::zone::Zone;
use crate::chain::Finding;
use crate::engine::{Covers, Info};
use crate::event::{Event, Level, Timestamp};
use crate::query::{Notice, Query};
use crate::runbook::Library;
use crate::state::{Place, Session};
use crate::tui::command::Command;

/// From this width on the three columns stand side by side.
pub const WIDE: u16 = 120;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    Events,
    Filters,
    Detail,
    Runbook,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Filters, Self::Events, Self::Detail, Self::Runbook];

    pub fn context(self) -> Context {
        match self {
            Self::Events => Context::Events,
            Self::Filters => Context::Filters,
            Self::Detail => Context::Detail,
            Self::Runbook => Context::Runbook,
        }
    }
}

/// Which panes are open beside the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open {
    /// `None` until somebody says: then by the width of the screen.
    pub filters: Option<bool>,
    pub detail: bool,
    pub runbook: bool,
}

/// A person's own query, kept while another one is in force.
#[derive(Clone, Debug)]
pub struct Parked {
    pub text: String,
    pub query: Query,
    pub anchor: Option<Timestamp>,
}

/// What is being asked, and what has to be asked again.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    last: Generation,
    pub running: Option<(Generation, Purpose)>,
    pub info_running: bool,
    pub info_due: bool,
    pub counts_due: bool,
    pub refresh_due: bool,
    /// When something that is throttled was asked last.
    pub at: Timestamp,
    /// Why the last search failed.
    pub error: Option<String>,
    /// The list has been filled at least once for this query.
    pub loaded: bool,
}

impl Asking {
    pub fn next_generation(&mut self) -> Generation {
        self.last.0 += 1;
        self.last
    }
}

/// Events as they arrive.
#[derive(Clone, Debug, Default)]
pub struct Arriving {
    /// The tail that counts; `None` while there is none.
    pub tail: Option<Generation>,
    /// Since the rate was last worked out.
    pub arrived: u64,
    pub rate: u64,
    pub since: Option<Timestamp>,
}

/// What is kept between two runs, and when it was saved last.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Whether there is a place to save to.
    pub enabled: bool,
    /// What is open, canonical paths.
    pub sources: Vec<String>,
    /// The event that was selected when the explorer was left, until it is found again or a key is pressed.
    pub wanted: Option<Place>,
    /// Something was done since the last save.
    pub touched: bool,
    pub at: Timestamp,
    pub last: Option<Session>,
}

#[derive(Debug)]
pub struct Model {
    pub title: String,
    pub zone: Zone,
    pub theme: Theme,
    pub keymap: Keymap,
    /// Columns, rows.
    pub size: (u16, u16),
    pub now: Timestamp,
    pub info: Info,

    pub focus: Pane,
    pub open: Open,
    /// The pane shown beside the list where only one fits.
    pub side: Pane,
    pub query_bar: QueryBar,
    pub events: Events,
    pub filters: Filters,
    pub detail: Detail,
    pub runbooks: Runbooks,
    pub overlay: Option<Overlay>,

    pub query: Query,
    /// What relative times count from instead of the clock.
    pub anchor: Option<Timestamp>,
    pub parked: Option<Parked>,
    pub notices: Vec<Notice>,
    pub total: Option<u64>,
    pub covers: Covers,
    pub asking: Asking,
    pub arriving: Arriving,

    pub keeping: Keeping,
    /// Digits typed before a command.
    pub count: Option<usize>,
    /// What is wrong with the settings; shown under the query until it is closed.
    pub problems: Vec<String>,
    /// The answer to the last key, until the next one.
    pub said: Option<(Role, String)>,
    /// Shown while there is nothing else to say.
    pub tip: Option<String>,
    pub quit_armed: bool,
    /// Something visible changed.
    pub dirty: bool,
}

impl Model {
    pub fn new(title: String, zone: Zone, theme: Theme, keymap: Keymap, library: Library) -> Self {
        Self {
            title,
            zone,
            theme,
            keymap,
            size: (0, 0),
            now: Timestamp::default(),
            info: Info {
                covers: Covers {
                    complete: true,
                    ..Covers::default()
                },
                ..Info::default()
            },
            focus: Pane::Events,
            open: Open::default(),
            side: Pane::Filters,
            query_bar: QueryBar::default(),
            events: Events::following(),
            filters: Filters::default(),
            detail: Detail::default(),
            runbooks: Runbooks::new(library),
            overlay: None,
            query: Query::default(),
            anchor: None,
            parked: None,
            notices: Vec::new(),
            total: None,
            covers: Covers {
                complete: true,
                ..Covers::default()
            },
            asking: Asking::default(),
            arriving: Arriving::default(),
            keeping: Keeping::default(),
            count: None,
            problems: Vec::new(),
            said: None,
            tip: None,
            quit_armed: false,
            dirty: true,
        }
    }

    /// Whose keys apply.
    pub fn context(&self) -> Context {
        if let Some(overlay) = &self.overlay {
            overlay.context()
        } else if self.query_bar.is_editing() {
            Context::Query
        } else if self.focus == Pane::Runbook && self.runbooks.is_form() {
            Context::Form
        } else {
            self.focus.context()
        }
    }

    pub fn is_wide(&self) -> bool {
        self.size.0 >= WIDE
    }

    pub fn is_open(&self, pane: Pane) -> bool {
        match pane {
            Pane::Events => true,
            Pane::Filters => self.open.filters.unwrap_or_else(|| self.is_wide()),
            Pane::Detail => self.open.detail,
            Pane::Runbook => self.open.runbook,
        }
    }

    /// Open, and not hidden behind another pane on a narrow screen.
    pub fn is_visible(&self, pane: Pane) -> bool {
        self.is_open(pane) && (self.is_wide() || pane == Pane::Events || pane == self.side)
    }

    pub fn set_open(&mut self, pane: Pane, open: bool) {
        match pane {
            Pane::Events => {}
            Pane::Filters => self.open.filters = Some(open),
            Pane::Detail => self.open.detail = open,
            Pane::Runbook => self.open.runbook = open,
        }
        if open {
            self.focus(pane);
            return;
        }
        if self.focus == pane {
            self.focus = Pane::Events;
        }
        if self.side == pane {
            let other = Pane::ALL
                .into_iter()
                .find(|p| *p != Pane::Events && self.is_open(*p));
            self.side = other.unwrap_or(pane);
        }
    }

    pub fn focus(&mut self, pane: Pane) {
        self.focus = pane;
        if pane != Pane::Events {
            self.side = pane;
        }
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.said = Some((Role::Text, text.into()));
    }

    /// A clock is needed for something.
    pub fn needs_tick(&self) -> bool {
        let asking = &self.asking;
        let due = asking.counts_due || asking.info_due || asking.refresh_due;
        let unsaved = self.keeping.touched && self.keeping.enabled;
        due || unsaved
            || self.arriving.rate > 0
            || self.arriving.arrived > 0
            || !self.covers.complete
    }

    pub fn live(&self) -> Live {
        match (self.arriving.tail, self.events.follow) {
            (None, _) => Live::Static,
            (Some(_), true) => Live::Following(self.arriving.rate),
            (Some(_), false) => Live::Paused(self.arriving.rate),
        }
    }

    /// What the check found about an event.
    pub fn finding(&self, event: &Event) -> Option<&Finding> {
        let source = self.info.sources.iter().find(|s| s.name == event.source)?;
        let line = event.line.unwrap_or_default();
        let here = |f: &&Finding| {
            f.generation == event.order.generation
                && (f.offset == event.order.offset || (f.line..=f.line_end).contains(&line))
        };
        source.chain.as_ref()?.findings.iter().find(here)
    }

    /// Events in everything that is open.
    pub fn events_known(&self) -> u64 {
        self.info.sources.iter().map(|s| s.events).sum()
    }

    pub fn breaks(&self) -> usize {
        let findings = self
            .info
            .sources
            .iter()
            .filter_map(|s| s.chain.as_ref())
            .flat_map(|c| &c.findings);
        findings.filter(|f| f.level == Level::Alarm).count()
    }

    /// The key of a command, to be named in a sentence; without one, its name.
    pub fn key(&self, command: Command) -> String {
        let glyphs = !self.theme.is_ascii();
        let key = self.keymap.label(self.focus.context(), command, glyphs);
        if key.is_empty() {
            format!(":{}", command.name())
        } else {
            key
        }
    }

    /// What the query bar says beside the query.
    pub fn counts(&self) -> Counts {
        let matching = match self.total {
            Some(total) => {
                let known = self.events_known().max(total);
                format!("{} of {}", number(total), number(known))
            }
            None => self.theme.glyphs.ellipsis.to_owned(),
        };
        let back = self.key(Command::Unpark);
        let dot = self.theme.glyphs.dot;
        let parked = format!("your query is parked: {back}");
        let mark = match (self.runbooks.run(), &self.parked, self.anchor) {
            (Some(run), Some(_), _) if run.applied().is_some() => {
                Some(format!("runbook step {} {dot} {parked}", run.place()))
            }
            (_, Some(_), _) => Some(parked),
            (_, None, Some(at)) => Some(format!("times count from {}", self.zone.full(at))),
            _ => None,
        };
        Counts { matching, mark }
    }

    /// What a person should know about the query, with the key that helps.
    pub fn note(&self) -> Option<(Role, String)> {
        if let Some(error) = &self.asking.error {
            return Some((Role::Alarm, error.clone()));
        }
        let fix = self.key(Command::Fix);
        let text = match self.notices.first()? {
            Notice::UnknownField { field, quoted } => {
                format!("no event has a field {field:?}: {fix} looks for {quoted} as text instead")
            }
            Notice::AllOlder { newest } => format!(
                "everything is older; the newest event is from {}: {fix} counts times from there",
                self.zone.full(*newest)
            ),
        };
        Some((Role::Warning, text))
    }

    /// The first thing that is wrong with the settings, and how to see the others.
    pub fn problem(&self) -> Option<(Role, String)> {
        let first = self.problems.first()?;
        let close = self.key(Command::Close);
        let text = match self.problems.len() {
            1 => format!("{close} closes: {first}"),
            n => format!("{close} closes, auditty doctor shows all {n}: {first}"),
        };
        Some((Role::Warning, text))
    }

    /// The right end of the footer.
    pub fn hint(&self) -> (Role, String) {
        if let Some((role, text)) = &self.said {
            return (*role, text.clone());
        }
        if let Some(count) = self.count {
            return (Role::Text, count.to_string());
        }
        match self.breaks() {
            0 => (Role::Dim, self.tip.clone().unwrap_or_default()),
            1 => (
                Role::Alarm,
                format!("1 break: press {}", self.key(Command::NextBreak)),
            ),
            n => (
                Role::Alarm,
                format!("{n} breaks: press {}", self.key(Command::NextBreak)),
            ),
        }
    }

    /// Why the list is empty and what changes that.
    pub fn why_empty(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let edit = self.key(Command::EditQuery);
        let everything = self.key(Command::ClearQuery);
        if !self.asking.loaded && self.asking.error.is_none() {
            return vec!["Searching".to_owned()];
        }
        if let Some(error) = &self.asking.error {
            return vec![
                format!("The search failed: {error}"),
                format!("{edit} changes the query."),
            ];
        }
        let filtered = self.query != Query::default();
        if filtered {
            lines.push(format!("No event matches  {}", self.query_bar.text()));
        } else {
            lines.push("There are no events yet.".to_owned());
        }
        if !self.covers.complete {
            let back = self
                .covers
                .since
                .map(|s| format!(" back to {}", self.zone.full(s)))
                .unwrap_or_default();
            lines.push(format!(
                "Still indexing{back}: matches further back may come."
            ));
        }
        for source in self
            .info
            .sources
            .iter()
            .filter_map(|s| s.error.as_ref().map(|e| (&s.name, e)))
        {
            lines.push(format!("{}: {}", source.0, source.1));
        }
        if let Some((_, note)) = self.note() {
            lines.push(note);
        }
        if filtered {
            lines.push(format!(
                "{edit} changes the query, {everything} shows everything."
            ));
        } else if self.arriving.tail.is_some() {
            lines.push("New events appear here as they arrive.".to_owned());
        }
        lines
    }
}
