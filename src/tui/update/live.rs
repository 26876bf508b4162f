//! What arrives live, and the clock: how fast it comes, and what is asked again once a second.

use super::related;
use super::search::{ask, ask_counts, reload};
use crate::engine::TailItem;
use crate::event::Timestamp;
use crate::event::time::SECOND;
use crate::tui::effect::{Effect, Generation, Place, Purpose};
use crate::tui::model::Model;
use crate::tui::pane::events::window::Arrival;
use crate::tui::pane::status;
use crate::tui::theme::Role;
use crate::tui::widget::moment::TimeStyle;

pub(super) fn tailed(model: &mut Model, generation: Generation, item: TailItem) -> Vec<Effect> {
    if model.arriving.tail != Some(generation) {
        return Vec::new();
    }
    model.dirty = true;
    match item {
        TailItem::Events(hits) => {
            related::arrived(model, &hits);
            model.arriving.arrived += hits.len() as u64;
            model.asking.counts_due = true;
            model.asking.info_due = true;
            model.events.merge(hits, Arrival::Live);
            Vec::new()
        }
        TailItem::Changed => {
            model.asking.counts_due = true;
            model.asking.info_due = true;
            model.asking.refresh_due = !model.events.window.is_empty();
            // What was indexed meanwhile may lie before the first event, and after the last one.
            let window = &mut model.events.window;
            window.more_older = !window.is_empty();
            window.more_newer |= !window.is_empty() && !model.events.follow && !model.asking.whole;
            Vec::new()
        }
        TailItem::Lagged(skipped) => {
            model.said = Some((
                Role::Warning,
                format!("{skipped} events came too fast: searched again"),
            ));
            reload(model)
        }
    }
}

/// Time between two looks at what the sources and their chains say: a break must not wait for a search.
const INFO_PAUSE: i64 = SECOND / 5;

/// Works the rate out and asks again what changed: searches at most once a second.
pub(super) fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    // The age of the newest copy of a seal stands in the status bar: one that no longer comes must show.
    let age = |now| status::seal_age(&model.info, now);
    model.dirty |= age(now) != age(model.now);
    model.now = now;
    model.dirty |= model.events.style == TimeStyle::Relative;
    let arriving = &mut model.arriving;
    if !model.covers.complete {
        (arriving.arrived, arriving.since) = (0, None);
    }
    let since = *arriving.since.get_or_insert(now);
    let elapsed = now.0.saturating_sub(since.0);
    if elapsed >= SECOND {
        let rate = (i128::from(arriving.arrived) * i128::from(SECOND) / i128::from(elapsed)) as u64;
        let rate = if arriving.arrived > 0 { rate.max(1) } else { 0 };
        model.dirty |= rate != arriving.rate;
        (arriving.rate, arriving.arrived) = (rate, 0);
        arriving.since = (rate > 0).then_some(now);
    }
    let mut effects = Vec::new();
    let asking = &mut model.asking;
    asking.info_due |= !model.covers.complete && now.0.saturating_sub(asking.at.0) >= SECOND;
    let pause = now.0.saturating_sub(asking.info_at.0);
    if asking.info_due && !asking.info_running && pause >= INFO_PAUSE {
        (asking.info_due, asking.info_running, asking.info_at) = (false, true, now);
        effects.push(Effect::Info);
    }
    if now.0.saturating_sub(asking.at.0) < SECOND {
        return effects;
    }
    model.related.tick();
    if asking.running.is_some() || asking.error.is_some() {
        return effects;
    }
    asking.at = now;
    if asking.refresh_due && !model.events.window.is_empty() {
        asking.refresh_due = false;
        // A page of an index that was not complete may lack events anywhere.
        let partial = !model.asking.whole;
        effects.extend(if model.keeping.wanted.is_some() {
            reload(model)
        } else if partial && model.events.follow {
            // What the tail delivers meanwhile still belongs to this list.
            ask(model, Purpose::Page(Place::Newest))
        } else if partial && model.covers.complete {
            reload(model)
        } else {
            ask(model, Purpose::Refresh)
        });
    } else if asking.counts_due && !model.events.window.is_empty() {
        effects.extend(ask_counts(model));
    } else if asking.counts_due {
        // Nothing was found so far: perhaps there is something now.
        asking.counts_due = false;
        effects.extend(reload(model));
    }
    effects
}
