//! The clocks of a world: scenario time (virtual in memory, scaled on the wire) and the wall clock of each device.
//! Nothing else in the harness reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sca_protocol::UnixTime;
use tokio::time::Instant;

/// Scenario time: real or virtual time since the start, multiplied by the scale.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    scale: u32,
}

impl Clock {
    /// Starts a clock at zero. With a scale of 50 a second of scenario time takes 20 ms.
    pub fn start(scale: u32) -> Self {
        Self { start: Instant::now(), scale: scale.max(1) }
    }

    /// Scenario time since the start, in whole milliseconds.
    pub fn elapsed(&self) -> Duration {
        let scaled = self.start.elapsed().saturating_mul(self.scale);
        Duration::new(scaled.as_secs(), scaled.subsec_millis() * 1_000_000)
    }

    /// The tokio instant of a scenario time.
    pub fn instant(&self, at: Duration) -> Instant {
        self.start + at / self.scale
    }

    /// Converts a real duration to scenario time.
    pub fn scenario_time(&self, real: Duration) -> Duration {
        real.saturating_mul(self.scale)
    }

    /// Converts a duration of scenario time to real time.
    pub fn real(&self, span: Duration) -> Duration {
        span / self.scale
    }
}

/// A stopwatch in real time, for timestamps in recordings and logs.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Clock);

impl Stopwatch {
    /// Starts the stopwatch.
    #[must_use]
    pub fn now() -> Self {
        Self(Clock::start(1))
    }

    /// Real time since the start, in whole milliseconds.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A repeating interval of real time, for progress reports of a long run. No verdict depends on it.
#[derive(Debug)]
pub struct ProgressInterval {
    start: Instant,
    seconds: u64,
    told: AtomicI64,
}

impl ProgressInterval {
    /// Starts intervals of this many seconds (at least one).
    #[must_use]
    pub fn start(seconds: u64) -> Self {
        Self { start: Instant::now(), seconds: seconds.max(1), told: AtomicI64::new(0) }
    }

    /// Whether an interval has ended since this last returned true.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let laps = i64::try_from(self.start.elapsed().as_secs() / self.seconds).unwrap_or(i64::MAX);
        self.told.fetch_max(laps, Ordering::Relaxed) < laps
    }
}

/// The wall clock of a device, which may be wrong and can be set.
#[derive(Debug, Clone)]
pub struct DeviceClock {
    clock: Clock,
    at_start: Arc<AtomicI64>,
}

impl DeviceClock {
    /// A clock that shows `at_start` when the world begins.
    pub fn new(clock: Clock, at_start: UnixTime) -> Self {
        Self { clock, at_start: Arc::new(AtomicI64::new(at_start.0)) }
    }

    /// The time that it shows now.
    pub fn shows(&self) -> UnixTime {
        UnixTime(self.at_start.load(Ordering::Relaxed)).plus(self.clock.elapsed())
    }

    /// Sets the clock; all clones share it.
    pub fn set(&self, to: UnixTime) {
        let elapsed = i64::try_from(self.clock.elapsed().as_secs()).unwrap_or(i64::MAX);
        self.at_start.store(to.0.saturating_sub(elapsed), Ordering::Relaxed);
    }
}

/// A limit of real time, independent of the clock of the world.
pub struct WallLimit {
    start: std::time::Instant,
    limit: Duration,
}

impl WallLimit {
    /// Starts the limit now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads real time")]
    pub fn start(limit: Duration) -> Self {
        Self { start: std::time::Instant::now(), limit }
    }

    /// Whether the limit has passed.
    pub fn is_over(&self) -> bool {
        self.start.elapsed() > self.limit
    }
}

/// The current date and time, for parties that work in real time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the date")]
#[must_use]
pub fn today() -> UnixTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
