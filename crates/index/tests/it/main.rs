//! The app's port as programs see it: real HTTP against a served node.
mod etherscan;
mod hostile;
mod index;
mod pages;
mod reads;
mod schema;
mod world;
