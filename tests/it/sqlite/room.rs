//! The database lies on a file system of its own, which is full or read-only for real.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chancery::storage::DatabaseUrl;

use super::full::{assert_full, fill};
use crate::support::postgres::skip_or_fail;
use crate::support::{Backend, Home, Ran, Serving};

/// A small file system in memory, over the folder of an installation's database. Only who is in its
/// namespace sees it, which goes with this.
struct Small {
    holder: Child,
    folder: PathBuf,
}

impl Small {
    /// `None` if this machine forbids it, which was said.
    fn over(home: &Home) -> Option<Self> {
        let DatabaseUrl::Sqlite(database) = home.database() else { unreachable!("it is SQLite's") };
        let folder = database.parent().unwrap().to_owned();
        let mount = "mount -t tmpfs -o size=8m none \"$0\" && echo mounted && exec cat";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-c", mount]).arg(&folder);
        let holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let said = holder.map_err(|error| error.to_string()).and_then(|mut holder| {
            let mut line = String::new();
            BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let held = Self { holder, folder };
            if line == "mounted\n" {
                Ok(held)
            } else {
                Err("no namespaces of one's own".to_owned())
            }
        });
        match said {
            Ok(held) => Some(held),
            Err(why) => {
                let name = std::thread::current().name().unwrap_or("a test").to_owned();
                skip_or_fail(&name, &why);
                None
            }
        }
    }

    /// Whether a command that is given the folder succeeds in the namespace.
    fn run(&self, command: &str) -> bool {
        let holder = self.holder.id().to_string();
        let within = ["--target", &holder, "--user", "--mount", "/bin/sh", "-c", command];
        Command::new("nsenter").args(within).arg(&self.folder).status().unwrap().success()
    }

    /// Starts a server that has its database there.
    fn serve(&self, home: &mut Home) -> Serving {
        let folder = home.path("");
        self.within("serve", &folder, |arguments| home.serve_by("nsenter", arguments))
    }

    /// Runs a command that has its database there.
    fn command(&self, home: &Home, command: &str) -> Ran {
        self.within(command, &home.path(""), |arguments| home.run_by("nsenter", arguments))
    }

    fn within<T>(&self, command: &str, folder: &Path, run: impl FnOnce(&[&str]) -> T) -> T {
        let holder = self.holder.id().to_string();
        let shell = format!("cd \"$1\" && exec \"$0\" {command}");
        let within = ["--target", &holder, "--user", "--mount", "/bin/sh", "-c", &shell];
        run(&[&within[..], &[env!("CARGO_BIN_EXE_chancery"), folder.to_str().unwrap()]].concat())
    }

    /// Takes all room but so much.
    fn take_room(&self, but: u64) {
        let path = self.ballast();
        let mut ballast = OpenOptions::new().create(true).append(true).open(path).unwrap();
        while ballast.write_all(&[1; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length - but).unwrap();
    }

    /// Gives it back.
    fn give_room(&self) {
        File::create(self.ballast()).unwrap();
    }

    /// The folder is there by way of whoever is in the namespace.
    fn ballast(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").unwrap()).join("ballast")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c132_on_a_disk_that_is_full_nothing_is_used_up_until_there_is_room_again() {
    let Some(mut home) = Home::new(Backend::Sqlite) else { return };
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let Some(small) = Small::over(&home) else { return };
    let serving = small.serve(&mut home);
    let wire = home.wire(&serving);
    let mut last = wire.login().await;
    for (round, room) in [0, 4096, 12_288].into_iter().enumerate() {
        let untouched = wire.login().await;
        let filler = wire.login().await;
        let admin = wire.admin_token().await;
        let name = format!("user-{round}");
        small.take_room(room);
        fill(&wire, filler).await;
        assert_full(&wire, &untouched, (&admin, &name)).await;

        small.give_room();
        assert_eq!(wire.get("/readyz").await.unwrap().status, 200, "by itself");
        last = wire.refresh(&untouched.refresh).await.unwrap().tokens();
        let made = wire.create_user(&admin, &name).await.unwrap();
        assert_eq!(made.status, 201, "the name was not taken: {made:?}");
    }
    // Killed while it is full, it has what it has acknowledged.
    small.take_room(0);
    serving.kill();
    small.give_room();
    let serving = small.serve(&mut home);
    let wire = home.wire(&serving);
    assert_eq!(wire.introspect(&last.access).await.unwrap().json()["active"], true);
    wire.refresh(&last.refresh).await.unwrap().tokens();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c132_on_a_disk_that_became_read_only_no_server_starts_and_nothing_is_lost() {
    let Some(mut home) = Home::new(Backend::Sqlite) else { return };
    home.set("CHANCERY_ISSUER", "http://localhost:8080");
    let Some(small) = Small::over(&home) else { return };
    let serving = small.serve(&mut home);
    let tokens = home.wire(&serving).login().await;
    serving.kill();
    assert!(small.run("mount -o remount,ro \"$0\""));
    for command in ["serve", "user create anna", "doctor"] {
        let ran = small.command(&home, command);
        assert_eq!(ran.code, Some(1), "{command}: {ran:?}");
        assert!(format!("{ran:?}").contains("Read-only file system"), "{command}: {ran:?}");
    }
    assert!(small.run("mount -o remount,rw \"$0\""));
    let serving = small.serve(&mut home);
    let wire = home.wire(&serving);
    assert_eq!(wire.introspect(&tokens.access).await.unwrap().json()["active"], true);
    wire.refresh(&tokens.refresh).await.unwrap().tokens();
}
