// Reads a bill of materials on stdin and says what CycloneDX's own library finds
// wrong with it, as JSON: null when nothing is.
const {Spec: {Version}, Validation: {JsonStrictValidator}} = require('@cyclonedx/cyclonedx-library')

const text = require('fs').readFileSync(0, 'utf8')
new JsonStrictValidator(Version.v1dot6).validate(text)
  .then(wrong => console.log(JSON.stringify(wrong)))
