//! Can these logs be trusted? Every source with what its check found, the worst first, its findings below it.

mod draw;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::chain::Finding;
use crate::engine::{Info, SourceInfo};
use crate::event::Level;
use crate::export::integrity::Standing;
use crate::tui::command::Command;
use crate::tui::effect::Spot;

/// Rows that a page is.
const PAGE: usize = 10;

#[derive(Clone, Debug, Default)]
pub struct Integrity {
    /// `None` = the worst source.
    selected: Option<Selected>,
    unfolded: BTreeSet<Arc<str>>,
}

/// What is selected, not where it stands: reports arrive while they are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selected {
    source: Arc<str>,
    finding: Option<Mark>,
}

/// A finding, and how many of its source before it have the same place and kind.
type Mark = (Spot, usize);

/// A source with what can be shown of it. What can be selected are its stops: itself, and unfolded its findings.
struct Block<'a> {
    source: &'a SourceInfo,
    standing: Standing,
    is_unfolded: bool,
}

/// Where a finding is.
pub fn spot(finding: &Finding) -> Spot {
    Spot {
        kind: finding.kind,
        generation: finding.generation,
        offset: finding.offset,
        line: finding.line,
    }
}

impl<'a> Block<'a> {
    fn findings(&self) -> impl Iterator<Item = &'a Finding> + use<'a> {
        self.source
            .chain
            .iter()
            .flat_map(|chain| chain.worst_first())
    }

    fn stops(&self) -> usize {
        let findings = self.source.chain.as_ref().map(|c| c.findings.len());
        1 + findings.filter(|_| self.is_unfolded).unwrap_or_default()
    }

    /// One more than stops where it is unfolded: what was covered.
    fn rows(&self) -> usize {
        self.stops() + usize::from(self.is_unfolded)
    }

    /// The stop of a finding.
    fn stop_of(&self, (spot_wanted, nth): Mark) -> Option<usize> {
        let all = self
            .findings()
            .enumerate()
            .skip_while(|_| !self.is_unfolded);
        let mut same = all.filter(|(_, finding)| spot(finding) == spot_wanted);
        same.nth(nth).map(|(at, _)| at + 1)
    }

    fn mark_at(&self, stop: usize) -> Option<Mark> {
        let at = stop.checked_sub(1)?;
        let wanted = spot(self.findings().nth(at)?);
        let before = self.findings().take(at);
        Some((wanted, before.filter(|f| spot(f) == wanted).count()))
    }
}

impl Integrity {
    /// The worst source selected, and unfolded if something was found there.
    pub fn of(info: &Info) -> Self {
        let mut integrity = Self::default();
        let worst = integrity.blocks(info).into_iter().next();
        let found = worst.filter(|block| block.findings().next().is_some());
        integrity
            .unfolded
            .extend(found.map(|block| block.source.name.clone()));
        integrity
    }

    /// The worst first: by how they stand, then by their alarms, then in the order they have.
    fn blocks<'a>(&self, info: &'a Info) -> Vec<Block<'a>> {
        let block = |source: &'a SourceInfo| Block {
            source,
            standing: Standing::of_source(source, &info.covers),
            is_unfolded: self.unfolded.contains(&source.name),
        };
        let mut blocks: Vec<Block<'a>> = info.sources.iter().map(block).collect();
        blocks.sort_by_cached_key(|block| {
            let alarms = block.source.chain.as_ref().map(|c| c.count(Level::Alarm));
            (block.standing, Reverse(alarms))
        });
        blocks
    }

    /// The block and the stop in it that are selected; a finding that is gone leaves its source selected.
    fn position(&self, blocks: &[Block<'_>]) -> (usize, usize) {
        let Some(selected) = &self.selected else {
            return (0, 0);
        };
        let at = blocks.iter().position(|b| b.source.name == selected.source);
        at.map_or((0, 0), |at| {
            let stop = selected.finding.and_then(|mark| blocks[at].stop_of(mark));
            (at, stop.unwrap_or_default())
        })
    }

    pub fn source<'a>(&self, info: &'a Info) -> Option<&'a SourceInfo> {
        let blocks = self.blocks(info);
        let (at, _) = self.position(&blocks);
        blocks.get(at).map(|block| block.source)
    }

    /// The finding that is selected.
    pub fn finding<'a>(&self, info: &'a Info) -> Option<&'a Finding> {
        let blocks = self.blocks(info);
        let (at, stop) = self.position(&blocks);
        blocks.get(at)?.findings().nth(stop.checked_sub(1)?)
    }

    pub fn update(&mut self, command: Command, count: usize, info: &Info) {
        let blocks = self.blocks(info);
        let (at, stop) = self.position(&blocks);
        let Some(block) = blocks.get(at) else {
            return;
        };
        let name = &block.source.name;
        match command {
            Command::Right => {
                self.unfolded.insert(name.clone());
            }
            Command::Left => {
                self.unfolded.remove(name);
                self.select(block, 0);
            }
            Command::Open if !self.unfolded.remove(name) => {
                self.unfolded.insert(name.clone());
            }
            _ => {
                let before: usize = blocks[..at].iter().map(Block::stops).sum();
                let all: usize = blocks.iter().map(Block::stops).sum();
                let here = before + stop;
                let to = match command {
                    Command::Down => here.saturating_add(count),
                    Command::Up => here.saturating_sub(count),
                    Command::PageDown => here.saturating_add(PAGE),
                    Command::PageUp => here.saturating_sub(PAGE),
                    Command::Top => 0,
                    Command::Bottom => all,
                    _ => here,
                };
                let mut left = to.min(all - 1);
                for block in &blocks {
                    if left < block.stops() {
                        self.select(block, left);
                        break;
                    }
                    left -= block.stops();
                }
            }
        }
    }

    fn select(&mut self, block: &Block<'_>, stop: usize) {
        self.selected = Some(Selected {
            source: block.source.name.clone(),
            finding: block.mark_at(stop),
        });
    }
}
