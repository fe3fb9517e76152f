import JSON

/// Makes the held Job of one attempt: the queue's template with the task's values in it, and what glue owns on top.
///
/// Guarantees: task content goes only into the fields meant for it, as data; the same input gives the same Job.
/// - Throws: all that is wrong with the task at once.
func render(_ input: RenderInput) throws(RenderProblems) -> Rendered {
    var builder = try JobBuilder(input)
    builder.describe()
    builder.fixJob()
    builder.fixPod()
    builder.fixTaskContainer()
    builder.bringExecutor()
    builder.secure()
    return try builder.finished()
}
