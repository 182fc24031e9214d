//! Another definition for a pool that runs, and members that make room for others.

use super::member::Checkup;
use super::{Actions, Cx, MemberNumber, Moment, Pool};
use procession_types::Pid;
use procession_types::definition::Pool as Definition;

impl Pool {
    /// It goes by another definition from now on, whose bounds make sense; the id stays. Members keep
    /// what they were started with until [`Pool::retire`]. A size that somebody has set stays as far as
    /// it is within the new bounds. [`Pool::handle`] follows, with [`super::Input::Tick`] for example.
    pub fn redefine(&mut self, moment: Moment, definition: Definition, actions: &mut Actions) {
        let checks = self.definition.monitoring.health_check_interval_ns;
        let id = std::mem::take(&mut self.definition.id);
        self.definition = Definition { id, ..definition };
        let bounds = self.definition.size.min_size..=self.definition.size.max_size;
        self.pinned = self.pinned.filter(|size| bounds.contains(size));
        if self.definition.monitoring.health_check_interval_ns != checks {
            self.set_checkups(moment);
        }
        let Moment { now, waiting, queued, random } = moment;
        self.trim_surplus(&mut Cx { now, waiting, queued, random, actions });
        self.wake_at(now);
    }

    /// Members that wait for their first check, or for none, wait as the definition says now.
    fn set_checkups(&mut self, moment: Moment) {
        let first = self.first_checkup(moment.now);
        for member in self.members.values_mut() {
            match member.checkup {
                Checkup::Never | Checkup::At(_) => member.checkup = first,
                // It has been asked, and has its time.
                Checkup::Until(_) => {}
            }
        }
        if let Checkup::At(at) = first {
            let numbers: Vec<MemberNumber> = self.members.keys().copied().collect();
            numbers.into_iter().for_each(|number| self.look_at(number, at));
        }
    }

    /// These members, or all, make room for others: at once, or after their message.
    /// [`Pool::handle`] follows, as after [`Pool::redefine`].
    pub fn retire(&mut self, moment: Moment, which: Option<&[Pid]>, actions: &mut Actions) {
        let Moment { now, waiting, queued, random } = moment;
        let cx = &mut Cx { now, waiting, queued, random, actions };
        match which {
            None => self.dismiss_all(cx),
            Some(pids) => {
                let numbers: Vec<_> = pids.iter().filter_map(|pid| self.number(*pid)).collect();
                numbers.into_iter().for_each(|number| self.leave(cx, number));
            }
        }
        self.wake_at(now);
    }
}
