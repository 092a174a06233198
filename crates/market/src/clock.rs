use crate::MarketError;
use alloy_primitives::U64;
use limpid_client::{Client, ClientError};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// How soon a waiting play notices that it shall stop.
const STEP: Duration = Duration::from_millis(250);

/// Keeps the chain's time in step with the feed's.
pub(crate) enum Clock {
    /// Block times follow the prices, shifted to start at the chain's present.
    Compressed { chain_start: u64, last: u64, method: Option<Method> },
    /// The wall's time is the feed's.
    Live { started: Instant, stop: Arc<AtomicBool> },
}

/// How a development node lets its time be moved.
#[derive(Clone, Copy)]
pub(crate) enum Method {
    SetNext,
    Increase,
}

impl Clock {
    pub(crate) fn compressed(chain_start: u64) -> Self {
        Self::Compressed { chain_start, last: chain_start, method: Some(Method::SetNext) }
    }

    pub(crate) fn live(stop: Arc<AtomicBool>) -> Self {
        Self::Live { started: Instant::now(), stop }
    }

    /// Moves to `elapsed` seconds after the feed's start. A node that cannot move its time stays at its
    /// own; one whose time is ahead already is left alone.
    pub(crate) async fn advance(&mut self, client: &Client, elapsed: u64) -> Result<(), MarketError> {
        match self {
            Self::Live { started, stop } => {
                let target = *started + Duration::from_secs(elapsed);
                while Instant::now() < target && !stop.load(Ordering::Relaxed) {
                    sleep_until(target.min(Instant::now() + STEP)).await;
                }
            }
            Self::Compressed { chain_start, last, method } => {
                let target = chain_start.saturating_add(elapsed);
                while let Some(way) = *method
                    && target > *last
                {
                    let (name, value) = match way {
                        Method::SetNext => ("evm_setNextBlockTimestamp", target),
                        Method::Increase => ("evm_increaseTime", target - *last),
                    };
                    match client.request::<Value>(name, vec![json!(U64::from(value))]).await {
                        Ok(_) | Err(ClientError::Refused { .. }) => *last = target,
                        Err(ClientError::NoSuchMethod { .. }) => {
                            *method = if let Method::SetNext = way { Some(Method::Increase) } else { None };
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(())
    }
}
