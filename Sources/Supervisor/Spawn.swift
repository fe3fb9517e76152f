import CSupervisor
import Glibc

/// A program just started, as the loop keeps it.
struct Spawned {
    var pid: pid_t
    /// Readable when the program has ended; -1 where the kernel has no such thing.
    var descriptor: Int32
    /// Its output, or -1.
    var output: Int32
}

/// Forks and executes `spec`. To be called on the loop's thread alone: the child dies with the thread that made it.
func spawn(_ spec: ProcessSpec) throws(SupervisorError) -> Spawned {
    var readEnd: Int32 = -1
    var writeEnd: Int32 = -1
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { throw .system(call: "open /dev/null", code: errno) }
    defer { close(null) }
    if spec.output == .pipe, glue_output_pipe(&readEnd, &writeEnd) != 0 { throw .system(call: "pipe", code: errno) }
    defer { if writeEnd >= 0 { close(writeEnd) } }

    let arguments = ([spec.executable] + spec.arguments).map { strdup($0) } + [nil]
    let environment = spec.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    let path = strdup(spec.executable)
    let directory = spec.workingDirectory.flatMap { strdup($0) }
    defer {
        for pointer in arguments + environment + [path, directory] { free(pointer) }
    }
    var stage: Int32 = 0
    let output: (Int32, Int32) =
        switch spec.output {
        case .pipe: (writeEnd, writeEnd)
        case .inherit: (1, 2)
        case .discard: (null, null)
        }
    let pid = arguments.withUnsafeBufferPointer { arguments in
        environment.withUnsafeBufferPointer { environment in
            var request = glue_spawn_request(
                path: path, arguments: arguments.baseAddress, environment: environment.baseAddress,
                directory: directory, input: null, output: output.0, error: output.1,
                dies_with_parent: spec.diesWithUs ? 1 : 0)
            return glue_spawn(&request, &stage)
        }
    }
    guard pid > 0 else {
        let code = errno
        if readEnd >= 0 { close(readEnd) }
        throw .start(executable: spec.executable, step: stepName(stage, spec), code: code)
    }
    return Spawned(pid: pid, descriptor: glue_process_descriptor(pid), output: readEnd)
}

private func stepName(_ stage: Int32, _ spec: ProcessSpec) -> String {
    switch Int(stage) {
    case GLUE_STAGE_FORK: "fork"
    case GLUE_STAGE_SESSION: "a session of its own"
    case GLUE_STAGE_DIRECTORY: "change to `\(spec.workingDirectory ?? ".")`"
    case GLUE_STAGE_FILES: "its standard files"
    default: "exec"
    }
}
