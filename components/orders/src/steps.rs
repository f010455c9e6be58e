//! The steps at which a process may die, by name: the crash tests stop the service at each of them.
//!
//! In the shipped component a step is nothing: the hook exists only with the feature `crash-points`, which `cargo xtask test`
//! builds a second component with. There, the header `x-stop-after: checkout-reserved` makes the request stand still for good
//! once it has done that step, and `x-stop-after: checkout-reserved 1500` for so many milliseconds.

use capability::Clock;
use http::HeaderMap;

/// A step that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The caller and the cart are known.
    CheckoutRead,
    /// The stock is held for the order.
    CheckoutReserved,
    /// The order exists, and the cart has counted on.
    CheckoutCommitted,
    /// The stock is the order's for good.
    CheckoutConfirmed,
    /// The price was refused, and the cart has counted on.
    PriceRefused,
    /// The order is known.
    CancelRead,
    /// The order is cancelled.
    CancelCommitted,
    /// The stock is back.
    CancelReleased,
    /// It is written down that the stock is back.
    CancelNoted,
    /// It is known what is overdue.
    ReconcileListed,
    /// It is known whether an overdue reservation has an order.
    ReconcileLookedUp,
    /// There will never be an order: a tombstone is in its place.
    ReconcileFenced,
    /// The stock is sold, or back.
    ReconcileSettled,
}

#[cfg(not(feature = "crash-points"))]
pub(crate) use shipped::Steps;
#[cfg(feature = "crash-points")]
pub(crate) use stoppable::Steps;

#[cfg(not(feature = "crash-points"))]
mod shipped {
    use super::{Clock, HeaderMap, Step};

    /// Nothing.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Steps;

    impl Steps {
        pub(crate) fn of(_: &HeaderMap) -> Self {
            Self
        }

        #[expect(clippy::unused_async, reason = "it waits where it can be stopped")]
        pub(crate) async fn done(self, _: &impl Clock, _: Step) {}
    }
}

#[cfg(feature = "crash-points")]
mod stoppable {
    use std::time::Duration;

    use super::{Clock, HeaderMap, Step};

    /// Longer than any test waits.
    const FOR_GOOD: Duration = Duration::from_secs(24 * 60 * 60);

    /// After which step a request stands still, and for how long.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Steps(Option<(Step, Duration)>);

    impl Steps {
        pub(crate) fn of(headers: &HeaderMap) -> Self {
            let told = headers.get("x-stop-after").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (name, pause) = told.split_once(' ').unwrap_or((told, ""));
            let pause = pause.parse().map_or(FOR_GOOD, Duration::from_millis);
            Self(Step::ALL.into_iter().find(|step| step.name() == name).map(|step| (step, pause)))
        }

        #[expect(clippy::print_stdout, reason = "the test waits for this line")]
        pub(crate) async fn done(self, clock: &impl Clock, done: Step) {
            let Some((step, pause)) = self.0 else { return };
            if step == done {
                println!(r#"{{"severity":"WARNING","message":"stopped after {}"}}"#, step.name());
                clock.sleep(pause).await;
            }
        }
    }

    impl Step {
        const ALL: [Self; 13] = [
            Self::CheckoutRead,
            Self::CheckoutReserved,
            Self::CheckoutCommitted,
            Self::CheckoutConfirmed,
            Self::PriceRefused,
            Self::CancelRead,
            Self::CancelCommitted,
            Self::CancelReleased,
            Self::CancelNoted,
            Self::ReconcileListed,
            Self::ReconcileLookedUp,
            Self::ReconcileFenced,
            Self::ReconcileSettled,
        ];

        fn name(self) -> &'static str {
            match self {
                Self::CheckoutRead => "checkout-read",
                Self::CheckoutReserved => "checkout-reserved",
                Self::CheckoutCommitted => "checkout-committed",
                Self::CheckoutConfirmed => "checkout-confirmed",
                Self::PriceRefused => "price-refused",
                Self::CancelRead => "cancel-read",
                Self::CancelCommitted => "cancel-committed",
                Self::CancelReleased => "cancel-released",
                Self::CancelNoted => "cancel-noted",
                Self::ReconcileListed => "reconcile-listed",
                Self::ReconcileLookedUp => "reconcile-looked-up",
                Self::ReconcileFenced => "reconcile-fenced",
                Self::ReconcileSettled => "reconcile-settled",
            }
        }
    }
}
