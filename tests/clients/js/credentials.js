// The client with a key: what it finds and retrieves with the header AUTHORIZATION, as JSON.

import dicomweb from 'dicomweb-client'
import XMLHttpRequest from 'xhr2'

globalThis.XMLHttpRequest = XMLHttpRequest

const headers = { Authorization: process.env.AUTHORIZATION }
const client = new dicomweb.api.DICOMwebClient({ url: process.env.DICOMWEB_URL, headers, verbose: false })
const studies = await client.searchForStudies()
const [studyInstanceUID, seriesInstanceUID, sopInstanceUID] = process.env.UIDS.split(' ')
const file = await client.retrieveInstance({ studyInstanceUID, seriesInstanceUID, sopInstanceUID })

console.log(JSON.stringify({ studies: studies.length, bytes: file.byteLength }))
