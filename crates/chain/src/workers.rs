//! Threads for calls, estimates and traces: as much stack as block execution has, so that what nests deeply there
//! nests here too, and no more of them at once than the machine has cores.

use parking_lot::{Condvar, Mutex};
use std::{
    cell::Cell,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

/// Stack of every thread that executes transactions, in bytes (DESIGN section 3).
pub const STACK: usize = 16 << 20;

/// Jobs that may wait.
const MAX_WAITING: usize = 1_024;

type Job = Box<dyn FnOnce() + Send>;

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// Too many are waiting.
    #[error("the node is busy: {MAX_WAITING} calls are waiting; try again later")]
    Busy,
    /// It took too long.
    #[error("execution aborted (timeout = {0:?})")]
    Timeout(Duration),
    /// It failed in a way it should not.
    #[error("internal error: the call panicked")]
    Panicked,
    /// No thread could be started.
    #[error("internal error: no thread for calls: {0}")]
    NoThread(String),
}

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

/// The threads. They end when this is dropped.
pub(crate) struct Workers(Arc<Shared>);

impl Workers {
    /// Starts `count` threads.
    pub(crate) fn start(count: usize) -> Result<Self, WorkError> {
        let queue = Queue { jobs: VecDeque::new(), closed: false };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), wake: Condvar::new() });
        for _ in 0..count.max(1) {
            let shared = shared.clone();
            let thread = thread::Builder::new().name("limpid-call".to_owned()).stack_size(STACK);
            thread.spawn(move || work(&shared)).map_err(|error| WorkError::NoThread(error.to_string()))?;
        }
        Ok(Self(shared))
    }

    /// Has one of the threads run `job`. Who waits for it finds a way of its own to hear of its end, or of a panic.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), WorkError> {
        {
            let mut queue = self.0.queue.lock();
            if queue.jobs.len() >= MAX_WAITING {
                return Err(WorkError::Busy);
            }
            queue.jobs.push_back(Box::new(job));
        }
        self.0.wake.notify_one();
        Ok(())
    }

    /// Runs `job` on one of the threads and waits for it, at most `timeout`. A job that takes longer ends by its gas.
    /// On one of the threads it runs at once, and whoever submitted the job around it looks at the time.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkError> {
        if HERE.get() {
            return Ok(job());
        }
        let (give, take) = mpsc::sync_channel(1);
        self.submit(move || {
            // Nobody waits any more after a timeout.
            let _ = give.send(job());
        })?;
        take.recv_timeout(timeout).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => WorkError::Timeout(timeout),
            mpsc::RecvTimeoutError::Disconnected => WorkError::Panicked,
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        queue.jobs.clear();
        drop(queue);
        self.0.wake.notify_all();
    }
}

thread_local! {
    /// Whether this is one of the threads.
    static HERE: Cell<bool> = const { Cell::new(false) };
}

fn work(shared: &Shared) {
    HERE.set(true);
    loop {
        let job = {
            let mut queue = shared.queue.lock();
            loop {
                if let Some(job) = queue.jobs.pop_front() {
                    break job;
                }
                if queue.closed {
                    return;
                }
                shared.wake.wait(&mut queue);
            }
        };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a call panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_or_a_slow_job_costs_itself_alone() {
        let workers = Workers::start(1).unwrap();
        let second = Duration::from_secs(20);
        assert_eq!(workers.run(second, || -> u8 { panic!("a job") }), Err(WorkError::Panicked));
        let (go, wait) = mpsc::channel::<()>();
        let slow = workers.run(Duration::from_millis(1), move || wait.recv().is_ok());
        assert_eq!(slow, Err(WorkError::Timeout(Duration::from_millis(1))));
        go.send(()).unwrap();
        assert_eq!(workers.run(second, || 7), Ok(7));
    }

    #[test]
    fn a_job_within_a_job_needs_no_second_thread() {
        let workers = Arc::new(Workers::start(1).unwrap());
        let (inner, (give, take)) = (workers.clone(), mpsc::channel());
        workers.submit(move || give.send(inner.run(Duration::from_secs(20), || 7)).unwrap()).unwrap();
        assert_eq!(take.recv_timeout(Duration::from_secs(20)), Ok(Ok(7)));
    }

    #[test]
    fn stacks_are_deep() {
        fn nest(depth: usize) -> usize {
            let frame = std::hint::black_box([depth; 512]);
            if depth == 0 { 0 } else { nest(depth - 1) + usize::from(frame[0] == depth) }
        }
        let workers = Workers::start(1).unwrap();
        assert_eq!(workers.run(Duration::from_secs(60), || nest(1_500)), Ok(1_500));
    }
}
