// The link's code stands behind the sign of the address; from there it goes into the form and out of the address.

const field = document.getElementById("field-code");
const code = location.hash.slice(1);

if (field && code) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
}
