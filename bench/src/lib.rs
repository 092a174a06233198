//! What benches share: CPU time of the calling thread, medians, and where results go.
//!
//! Figures are CPU time, not wall time, because the machine may be shared; peers are measured in the
//! same run, because ratios hold where absolute figures do not.

pub mod http;
pub mod peer;

use rustix::time::{ClockId, clock_gettime};
use std::{path::PathBuf, time::Duration};

/// CPU time that this thread has used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// CPU time that all threads of this process have used.
pub fn process_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// CPU time that `work` takes.
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = cpu_time();
    let value = work();
    (value, cpu_time().saturating_sub(before))
}

/// The middle one.
///
/// # Panics
/// Without values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Writes one object of results into `LIMPID_BENCH_DIR`, or only prints it.
///
/// # Panics
/// When the folder cannot be written.
pub fn publish(name: &str, results: &serde_json::Value) {
    let text = serde_json::to_string_pretty(results).expect("JSON");
    println!("{text}");
    if let Some(folder) = std::env::var_os("LIMPID_BENCH_DIR") {
        std::fs::write(PathBuf::from(folder).join(format!("{name}.json")), text).expect("the folder is writable");
    }
}
