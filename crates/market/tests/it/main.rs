//! Price files, synthetic and real.
mod feeds;
