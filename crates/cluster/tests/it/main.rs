//! Clusters of four validators in the simulator.
#![cfg(feature = "cluster")]

mod agreement;
mod byzantine;
mod faults;
mod scene;
mod watch;
mod world;
