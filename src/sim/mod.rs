//! One replication: the model running on the engine.

pub mod observe;
