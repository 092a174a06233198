//! Telling others what happened, without waiting for them.

use parking_lot::Mutex;
use std::sync::{Arc, Weak};

type Listener<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// Calls every listener for each event. Listeners must be quick: they run on the thread that makes the blocks.
pub struct Feed<T>(Arc<Mutex<Listeners<T>>>);

struct Listeners<T> {
    next: u64,
    all: Vec<(u64, Listener<T>)>,
}

/// Ends the subscription when dropped.
#[must_use = "dropping it ends the subscription"]
pub struct Subscription(Option<Box<dyn FnOnce() + Send + Sync>>);

impl<T: 'static> Default for Feed<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Listeners { next: 0, all: Vec::new() })))
    }
}

impl<T: 'static> Feed<T> {
    /// Calls `listener` for every event from now on.
    pub fn subscribe(&self, listener: impl Fn(&T) + Send + Sync + 'static) -> Subscription {
        let mut listeners = self.0.lock();
        let id = listeners.next;
        listeners.next = id.wrapping_add(1);
        listeners.all.push((id, Arc::new(listener)));
        let feed: Weak<_> = Arc::downgrade(&self.0);
        Subscription(Some(Box::new(move || {
            if let Some(listeners) = feed.upgrade() {
                listeners.lock().all.retain(|(other, _)| *other != id);
            }
        })))
    }

    /// Tells every listener. None is called under the lock, so that one may subscribe or leave.
    pub(crate) fn tell(&self, event: &T) {
        let listeners: Vec<_> = self.0.lock().all.iter().map(|(_, listener)| listener.clone()).collect();
        listeners.iter().for_each(|listener| listener(event));
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(leave) = self.0.take() {
            leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_dropped_subscription_hears_nothing() {
        let feed = Feed::<u64>::default();
        let heard = Arc::new(AtomicU64::new(0));
        let listener = heard.clone();
        let subscription = feed.subscribe(move |event| {
            listener.fetch_add(*event, Ordering::SeqCst);
        });
        feed.tell(&3);
        drop(subscription);
        feed.tell(&5);
        assert_eq!(heard.load(Ordering::SeqCst), 3);
    }
}
