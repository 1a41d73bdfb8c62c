//! Owns the proof that Cargo takes what the Dockerfile copies first for the whole workspace.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::root;

#[test]
fn the_layer_of_the_dependencies_is_a_workspace() {
    let layer = tempfile::tempdir().unwrap();
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap().replace("\\\n", "");
    let (before, after) = dockerfile.split_once("\nRUN ").unwrap();
    for files in before.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        copy(files, layer.path());
    }
    let (prepare, _) = after.split_once("&& cargo build").unwrap();
    run("sh", &["-euc", prepare], layer.path());
    run("cargo", &["metadata", "--no-deps", "--format-version=1"], layer.path());
}

/// `FILE… FOLDER/`, as `COPY` takes it.
fn copy(files: &str, layer: &Path) {
    let files: Vec<&str> = files.split_whitespace().collect();
    let (folder, files) = files.split_last().unwrap();
    let folder = layer.join(folder);
    fs::create_dir_all(&folder).unwrap();
    for file in files {
        let name = Path::new(file).file_name().unwrap();
        fs::copy(root().join(file), folder.join(name)).unwrap();
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaints}");
}
