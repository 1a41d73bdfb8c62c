#![allow(unused, dead_code, unused_imports)]
mod browser;
mod support;
mod mini {
    pub(crate) const BACKEND: crate::support::Backend = crate::support::Backend::Sqlite;
    #[path = "/tmp/wt/clients/tests/it/suite/interop/mod.rs"]
    mod interop;
}
