//! Named points of a use case at which a test stops the service or kills its process.
//!
//! In the shipped component a crash point does nothing. `cargo xtask test` builds a second component with the feature
//! `crash-points`: there, a request with the header `x-stop-after: checkout-reserved` stops after that point for a day, and one
//! with `x-stop-after: checkout-reserved 1500` for 1500 milliseconds.

#[cfg(not(feature = "crash-points"))]
pub(crate) use disabled::CrashPoint;
#[cfg(feature = "crash-points")]
pub(crate) use enabled::CrashPoint;

#[cfg(not(feature = "crash-points"))]
mod disabled {
    use capability::Clock;

    #[derive(Debug, Default)]
    pub(crate) struct CrashPoint;

    impl CrashPoint {
        #[expect(clippy::unused_async, reason = "the other implementation waits")]
        pub(crate) async fn reached(&self, _: &impl Clock, _: &str) {}
    }
}

#[cfg(feature = "crash-points")]
mod enabled {
    use std::time::Duration;

    use capability::Clock;

    /// Longer than any test runs.
    const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

    /// The point at which a request stops, and for how long.
    #[derive(Debug, Default)]
    pub(crate) struct CrashPoint {
        name: String,
        pause: Duration,
    }

    impl CrashPoint {
        /// Parses `name` or `name milliseconds`.
        pub(crate) fn parse(text: &str) -> Self {
            let (name, pause) = text.split_once(' ').unwrap_or((text, ""));
            Self { name: name.to_owned(), pause: pause.parse().map_or(FOREVER, Duration::from_millis) }
        }

        #[expect(clippy::print_stdout, reason = "the test waits for this line")]
        pub(crate) async fn reached(&self, clock: &impl Clock, name: &str) {
            if self.name == name {
                println!(r#"{{"severity":"WARNING","message":"stopped after {name}"}}"#);
                clock.sleep(self.pause).await;
            }
        }
    }
}
