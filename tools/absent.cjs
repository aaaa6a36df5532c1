// Stands for a dependency's dependency that the bundles leave out.
module.exports = {};
