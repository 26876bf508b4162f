//! Threads that read and hash the records of a chain ahead of the walk that links them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::Scope;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::walk::Check;
use crate::chain::{Examined, Examiner};
use crate::format::Frame;

/// Batches on their way for each thread: one is worked on, the next lies ready.
const BATCHES: usize = 2;

struct Job {
    examiner: Examiner,
    frames: Arc<Vec<Frame>>,
    done: Sender<Vec<Examined>>,
}

/// Records in file order, with what was found out of them.
pub(super) struct Batch {
    frames: Arc<Vec<Frame>>,
    done: Receiver<Vec<Examined>>,
}

impl Batch {
    /// Gives the records to the check, once they are examined.
    pub(super) fn feed(self, check: &mut Check, generation: i32) {
        // A thread that is gone leaves its records to the check.
        let mut examined = self.done.recv().unwrap_or_default().into_iter();
        for frame in self.frames.iter() {
            check.feed(generation, frame, examined.next().unwrap_or_default());
        }
    }
}

/// The threads of one walk, and what they have in hand. They end when it is dropped.
pub(super) struct Crew {
    jobs: Sender<Job>,
    in_hand: VecDeque<Batch>,
    most: usize,
}

impl Crew {
    pub(super) fn new<'scope>(scope: &'scope Scope<'scope, '_>, threads: usize) -> Self {
        let (jobs, taken) = unbounded::<Job>();
        for _ in 0..threads {
            let taken = taken.clone();
            scope.spawn(move || {
                for job in taken {
                    work(job);
                }
            });
        }
        Self {
            jobs,
            in_hand: VecDeque::new(),
            most: threads * BATCHES,
        }
    }

    /// Has records examined.
    pub(super) fn hand_out(&mut self, examiner: Examiner, frames: Vec<Frame>) {
        let frames = Arc::new(frames);
        let (done, result) = bounded(1);
        let job = Job {
            examiner,
            frames: frames.clone(),
            done,
        };
        // Without threads the check examines them itself.
        let _ = self.jobs.send(job);
        self.in_hand.push_back(Batch {
            frames,
            done: result,
        });
    }

    /// The oldest of the records, if there are enough on their way.
    pub(super) fn next_if_full(&mut self) -> Option<Batch> {
        let is_full = self.in_hand.len() > self.most;
        is_full.then(|| self.in_hand.pop_front()).flatten()
    }

    /// The oldest of the records.
    pub(super) fn next(&mut self) -> Option<Batch> {
        self.in_hand.pop_front()
    }
}

fn work(mut job: Job) {
    let examine = |frame: &Frame| match frame.open {
        true => Examined::default(),
        false => job.examiner.examine(&frame.bytes),
    };
    let examined = job.frames.iter().map(examine).collect();
    // The walk was given up.
    let _ = job.done.send(examined);
}
