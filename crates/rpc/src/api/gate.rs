//! How many traces, and proofs of earlier blocks, are made at once. A trace may take a hundred megabytes, a proof over a
//! million accounts half a second and at worst two, so the number of requests must not decide.

use crate::error::{LIMIT, Result, RpcError};
use parking_lot::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Traces and proofs at once.
const MOST: usize = 2;

/// A door that few may be behind.
#[derive(Debug, Default)]
pub(super) struct Gate {
    inside: Mutex<usize>,
    left: Condvar,
}

/// Somebody behind the door; leaves when dropped.
#[derive(Debug)]
pub(super) struct Pass<'a>(&'a Gate);

impl Gate {
    /// Goes in, waiting for others to leave.
    pub(super) fn enter(&self, patience: Duration) -> Result<Pass<'_>> {
        let until = Instant::now() + patience;
        let mut inside = self.inside.lock();
        while *inside >= MOST {
            if self.left.wait_until(&mut inside, until).timed_out() && *inside >= MOST {
                return Err(RpcError::new(LIMIT, "the node is busy with other traces and proofs; try again later"));
            }
        }
        *inside += 1;
        Ok(Pass(self))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.inside.lock() -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_at_once() {
        let gate = Gate::default();
        let wait = Duration::from_millis(1);
        let mut passes: Vec<_> = (0..MOST).map(|_| gate.enter(wait).unwrap()).collect();
        assert_eq!(gate.enter(wait).unwrap_err().code, LIMIT);
        passes.pop();
        assert!(gate.enter(wait).is_ok());
    }
}
