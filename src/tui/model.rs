//! Everything the explorer knows; changed only by `update`, drawn only by `view`.

pub mod history;
mod says;

use super::columns::{Column, Columns};
use super::effect::{Generation, Purpose, Target};
use super::keymap::{Context, Keymap};
use super::marks::Marks;
use super::overlay::Overlay;
use super::pane::detail::related::Related;
use super::pane::detail::{Detail, Subject};
use super::pane::events::Events;
use super::pane::filters::Filters;
use super::pane::query_bar::{QueryBar, ValuesOf};
use super::pane::runbook::Runbooks;
use super::pane::runbook::run::Run;
use super::pane::status::Live;
use super::pane::timeline::Timeline;
use super::share::Sharing;
use super::theme::{Role, Theme};
use super::widget::Look;
use super::widget::moment::TimeStyle;
use super::widget::zone::Zone;
use crate::chain::Finding;
use crate::engine::{Covers, Info};
use crate::event::{Event, Level, Timestamp};
use crate::query::{Notice, Query};
use crate::runbook::Library;
use crate::state::{Place, Session};
use history::History;

/// From this width on the status bar has room for the name of a zone.
const ROOMY: u16 = 100;
/// From this width on the three columns stand side by side.
pub const WIDE: u16 = 120;
/// From this height on the timeline is there by itself.
pub const TALL: u16 = 20;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    Events,
    Timeline,
    Filters,
    Detail,
    Runbook,
}

impl Pane {
    /// Those that share the body of the screen.
    pub const ALL: [Self; 4] = [Self::Filters, Self::Events, Self::Detail, Self::Runbook];

    /// Stands beside the list.
    pub fn is_beside(self) -> bool {
        !matches!(self, Self::Events | Self::Timeline)
    }

    pub fn context(self) -> Context {
        match self {
            Self::Events => Context::Events,
            Self::Timeline => Context::Timeline,
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
    pub timeline: Option<bool>,
    pub detail: bool,
    pub runbook: bool,
}

/// A person's own query, kept while another one is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    pub text: String,
    pub query: Query,
    pub anchor: Option<Timestamp>,
    /// A step of a runbook shows others.
    pub columns: Columns,
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
    /// The same of what is cheap: how far the sources are, and what their chains say.
    pub info_at: Timestamp,
    /// Why the last search failed, and which one it was.
    pub error: Option<String>,
    pub failed: Option<Purpose>,
    /// The list has been filled at least once for this query.
    pub loaded: bool,
    /// The list is of a time when everything was indexed.
    pub whole: bool,
    /// Asked while the list was still being made.
    pub after: Option<Purpose>,
    /// None was found among what the query matches: the same key again looks at everything.
    pub widen: Option<Target>,
}

impl Asking {
    pub fn next_generation(&mut self) -> Generation {
        self.last.0 += 1;
        self.last
    }
}

/// What is asked beside the list: answers are taken from the last question only.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The query whose count was asked for, as it is being written.
    pub preview: Option<Query>,
    pub preview_running: Option<Generation>,
    pub values: Option<ValuesOf>,
    pub values_running: Option<Generation>,
    /// The fields that a person added have to be counted again.
    pub added_due: bool,
    pub added_running: Option<Generation>,
    pub added_asked: Timestamp,
    /// Not again before: what takes long is asked rarely while events arrive.
    pub added_rest: Timestamp,
    pub without: Without,
}

/// What an empty list would hold if one part of its query were left out: which part empties it.
#[derive(Clone, Debug, Default)]
pub struct Without {
    /// The query that matches nothing.
    pub query: Option<Query>,
    /// Events without its first, second, … part, as far as counted.
    pub counts: Vec<u64>,
    pub running: Option<Generation>,
}

/// What happened meanwhile that a person should see; it stays until a key is pressed.
#[derive(Clone, Debug, Default)]
pub struct Alerts {
    pub raised: Option<(Role, String)>,
    /// The last message of the engine that was closed.
    pub closed: Option<String>,
    /// The engine was heard: from now on what is new in its answers is news.
    pub informed: bool,
    /// Breaks there were when somebody last went to one.
    pub breaks_seen: usize,
}

impl Alerts {
    pub fn seen(&mut self) {
        self.raised = None;
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
    /// Whether it is saved now and then.
    pub enabled: bool,
    /// There is no place to save to.
    pub nowhere: bool,
    /// What is open, canonical paths.
    pub sources: Vec<String>,
    /// The event that was selected when the explorer was left, until it is found again or a key is pressed.
    pub wanted: Option<Place>,
    /// Names under which views are kept, the latest first.
    pub names: Vec<String>,
    /// Columns as the settings say; none = by width.
    pub columns: Vec<String>,
    /// Something was done since the last save.
    pub touched: bool,
    pub at: Timestamp,
    pub last: Option<Session>,
}

/// A look that comes back when the one that is shown is not taken.
#[derive(Clone, Debug)]
pub struct LookBefore {
    pub theme: Theme,
    pub columns: Columns,
    /// The one under the cursor.
    pub column: Column,
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
    pub timeline: Timeline,
    pub filters: Filters,
    pub detail: Detail,
    /// What belongs to the event in the detail.
    pub related: Related,
    pub runbooks: Runbooks,
    pub overlay: Option<Overlay>,
    pub marks: Marks,
    pub share: Sharing,

    pub query: Query,
    /// What relative times count from instead of the clock.
    pub anchor: Option<Timestamp>,
    pub parked: Option<Parked>,
    /// The list shows what the query matches among everything of that time.
    pub in_context: bool,
    pub history: History,
    pub notices: Vec<Notice>,
    pub total: Option<u64>,
    pub covers: Covers,
    pub asking: Asking,
    pub beside: Beside,
    pub arriving: Arriving,
    pub alerts: Alerts,

    /// Formats that a source can be read as: id and title.
    pub formats: Vec<(String, String)>,
    pub keeping: Keeping,
    /// How it looked before another look was only shown.
    pub look_before: Option<LookBefore>,
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
            timeline: Timeline::default(),
            filters: Filters::default(),
            detail: Detail::default(),
            related: Related::default(),
            runbooks: Runbooks::new(library),
            overlay: None,
            marks: Marks::default(),
            share: Sharing::default(),
            query: Query::default(),
            anchor: None,
            parked: None,
            in_context: false,
            history: History::default(),
            notices: Vec::new(),
            total: None,
            covers: Covers {
                complete: true,
                ..Covers::default()
            },
            asking: Asking::default(),
            beside: Beside::default(),
            arriving: Arriving::default(),
            alerts: Alerts::default(),
            formats: Vec::new(),
            keeping: Keeping::default(),
            look_before: None,
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
        } else if self.focus == Pane::Runbook && self.runbooks.is_list() {
            Context::Runbooks
        } else if self.focus == Pane::Runbook && self.is_handing_over() {
            Context::HandOver
        } else if self.focus == Pane::Filters && self.filters.is_narrowing() {
            Context::Narrow
        } else {
            self.focus.context()
        }
    }

    /// The text to hand over is what the runbook pane shows.
    pub fn is_handing_over(&self) -> bool {
        self.runbooks.run().is_some_and(Run::is_handing_over)
    }

    pub fn is_wide(&self) -> bool {
        self.size.0 >= WIDE
    }

    pub fn is_open(&self, pane: Pane) -> bool {
        match pane {
            Pane::Events => true,
            Pane::Timeline => self.open.timeline.unwrap_or(self.size.1 >= TALL),
            Pane::Filters => self.open.filters.unwrap_or_else(|| self.is_wide()),
            Pane::Detail => self.open.detail,
            Pane::Runbook => self.open.runbook,
        }
    }

    /// Open, and not hidden behind another pane on a narrow screen.
    pub fn is_visible(&self, pane: Pane) -> bool {
        self.is_open(pane) && (self.is_wide() || !pane.is_beside() || pane == self.side)
    }

    pub fn set_open(&mut self, pane: Pane, open: bool) {
        match pane {
            Pane::Events => {}
            Pane::Timeline => self.open.timeline = Some(open),
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
        if pane.is_beside() {
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
        let added = self.beside.added_due
            && self.beside.added_running.is_none()
            && !self.filters.added().is_empty()
            && self.is_visible(Pane::Filters);
        let relative = self.events.style == TimeStyle::Relative;
        let unsaved = self.keeping.touched && self.keeping.enabled;
        due || added
            || relative
            || unsaved
            || self.arriving.rate > 0
            || self.arriving.arrived > 0
            || !self.covers.complete
    }

    pub fn live(&self) -> Live {
        // While old events are being indexed, their number says nothing of what happens now.
        let rate = if self.covers.complete {
            self.arriving.rate
        } else {
            0
        };
        match (self.arriving.tail, self.events.follow) {
            (None, _) => Live::Static,
            (Some(_), true) => Live::Following(rate),
            (Some(_), false) => Live::Paused(rate),
        }
    }

    /// What a view needs to draw.
    pub fn look(&self, focused: bool) -> Look<'_> {
        Look {
            theme: &self.theme,
            zone: &self.zone,
            now: self.now,
            marks: &self.marks,
            focused,
        }
    }

    /// What the detail is about.
    pub fn subject(&self) -> Option<Subject<'_>> {
        let hit = self.events.selected()?;
        let source = self.info.sources.iter();
        let source = source.filter(|s| s.name == hit.event.source);
        Some(Subject {
            hit,
            finding: self.finding(&hit.event),
            chain: source.filter_map(|s| s.chain.as_deref()).next(),
            related: &self.related,
            entry: self.marks.get(hit.event.id),
            zone: &self.zone,
        })
    }

    /// The display zone, and its offset at the selected event.
    pub fn zone_label(&self) -> String {
        self.zone.label_at(self.moment())
    }

    /// The same for the status bar: where room is short, the offset says enough.
    pub fn zone_in_status(&self) -> String {
        if self.size.0 < ROOMY && !self.zone.is_utc() {
            self.zone.offset_text(self.moment())
        } else {
            self.zone_label()
        }
    }

    /// When the selected event happened, or now.
    fn moment(&self) -> Timestamp {
        let selected = self.events.selected().and_then(|h| h.event.ts);
        selected.unwrap_or(self.now)
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

    fn alarms(&self) -> impl Iterator<Item = &Finding> {
        let chains = self.info.sources.iter().filter_map(|s| s.chain.as_ref());
        let findings = chains.flat_map(|c| &c.findings);
        findings.filter(|f| f.level == Level::Alarm)
    }

    pub fn breaks(&self) -> usize {
        self.alarms().count()
    }

    /// When the chain breaks, as far as that is known.
    pub fn break_times(&self) -> Vec<Timestamp> {
        self.alarms().filter_map(|f| f.ts).collect()
    }
}
